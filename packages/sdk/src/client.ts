import type { Core } from './core.ts';
import { type CoreCounts, createCore } from './create-core.ts';
import type { ClientOptions } from './options.ts';
import { alertMethods } from './surface/alerts.ts';
import { bindResources } from './surface/bind-resources.ts';
import { eventMethods } from './surface/events.ts';
import { type FetchOptions, fetchRequest } from './surface/fetch-request.ts';
import type { PollFunction, PollOptions } from './surface/poll.ts';
import { Poller } from './surface/poller.ts';
import { rankOf } from './surface/rank.ts';
import type { Resources } from './surface/resources.ts';
import { runMethods } from './surface/runs.ts';
import type { ClientStats } from './telemetry/client-stats.ts';
import { send } from './transport/ongoing-call.ts';

export interface OrdinautClient extends Resources {}

/**
 * A client of an Ordinaut server. It holds nothing open when nothing is under way.
 *
 * ```ts
 * const client = new OrdinautClient({ baseUrl: 'https://ordinaut.example', username: 'ada', password });
 * for await (const task of client.tasks.list({ status: 'active' })) console.log(task.title);
 * ```
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: a new resource of the contract is there without a line here; a test holds that it is
export class OrdinautClient {
  readonly #core: Core & { readonly counts: CoreCounts };
  readonly #poller: Poller;
  readonly #closing = new AbortController();

  /** @throws ConfigurationError for options that are not as they have to be. */
  constructor(options: ClientOptions) {
    const core = createCore(options, this.#closing.signal);
    this.#core = core;
    this.#poller = new Poller(core);
    const { alerts, events, runs, ...others } = bindResources(core);
    const resources: Resources = {
      ...others,
      alerts: { ...alerts, ...alertMethods(core) },
      events: { ...events, ...eventMethods(core) },
      runs: { ...runs, ...runMethods(core) },
    };
    Object.assign(this, resources);
  }

  /**
   * Makes the calls of a poll: behind those that are in the foreground, and once where several ask at the same moment.
   *
   * ```ts
   * const run = await client.poll((options) => client.runs.get(id, options), { key: `run ${id}` });
   * ```
   */
  poll<T>(ask: PollFunction<T>, options?: PollOptions): Promise<T> {
    return this.#poller.poll(ask, options);
  }

  /**
   * Sends a request to any path of the server, as a route of an extension, with the login, retries and times of the client.
   *
   * @param path path and query after `baseUrl`, beginning with a slash.
   * @returns the last answer, whatever its status; its body is read already and can be taken as text, JSON or bytes.
   * @throws OrdinautError where there is no answer, or no login; ConfigurationError for what cannot be sent, or would leave `baseUrl`.
   */
  async fetch(path: string, options: FetchOptions = {}): Promise<Response> {
    const { response } = await send(this.#core, fetchRequest(this.#core, path, options), {
      ...options,
      rank: rankOf(options),
    });
    return response;
  }

  /** How it fares: times and retries by operation, the budget, circuits. */
  stats(): ClientStats {
    const { statistics, budget, circuits, limiter, counts } = this.#core;
    return {
      ...statistics.totals(),
      operations: statistics.operations(),
      budget: { left: budget.left, capacity: budget.capacity },
      circuits: circuits.states(),
      inFlight: limiter.inside,
      queued: limiter.waiting,
      ...counts,
    };
  }

  /** Ends everything that is under way: calls with an `AbortedError`, streams without an error. The client cannot be used after it. */
  close(): void {
    this.#closing.abort();
  }
}
