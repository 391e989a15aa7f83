import type { StreamEvent, Undo } from '@ordinaut/kit';
import { type Culprit, runAs, runAsServer } from '../containment/attribution.ts';
import type { EventStreams } from '../events/streams.ts';
import { within } from '../kernel/within.ts';

/** How long a handler may take. */
const EVENT_MS = 10_000;
/** How long the events under way may take when the subscriptions end. */
const END_MS = 11_000;
const MAX_GROUP = 200;

export interface SubscriptionDeps {
  /** Name of the plugin. */
  readonly name: string;
  readonly streams: Pick<EventStreams, 'subscribe'>;
  readonly culprit: Culprit;
  /** Aborted when the plugin is stopped or has failed. */
  readonly signal: AbortSignal;
}

/** What a plugin hears of the event log. Each subscription is a consumer group of its own, so that none takes events from another. */
export class PluginSubscriptions {
  readonly #deps: SubscriptionDeps;
  readonly #undos = new Set<Undo>();
  readonly #made = new Map<string, number>();

  constructor(deps: SubscriptionDeps) {
    this.#deps = deps;
  }

  /**
   * @param label tells it from others of the plugin with the same pattern: the name of a class, or empty.
   * @throws Error where the plugin does not run any more, or its name and the pattern are too long together.
   */
  async add(label: string, pattern: string, handler: (event: StreamEvent) => unknown): Promise<Undo> {
    const { streams, culprit, signal } = this.#deps;
    signal.throwIfAborted();
    const group = this.#groupOf(label, pattern);
    const end = await runAsServer(() =>
      streams.subscribe({
        group,
        pattern,
        handler: (event) => {
          const handle = () => within(EVENT_MS, () => handler(event), `A handler of ${pattern} did not end`);
          return runAs(culprit, handle, null, event.chain);
        },
      }),
    );
    const undo = async () => {
      this.#undos.delete(undo);
      await end();
    };
    this.#undos.add(undo);
    if (!signal.aborted) return undo;
    await undo();
    throw signal.reason;
  }

  /** Ends all of them; what then still goes on is not waited for. */
  async end(): Promise<void> {
    const ending = Promise.allSettled([...this.#undos].map((undo) => undo()));
    await within(END_MS, () => ending, 'The subscriptions did not end').catch(() => undefined);
  }

  /** The same name after a restart, where a plugin subscribes in the same order. */
  #groupOf(label: string, pattern: string): string {
    const key = label === '' ? pattern : `${label}:${pattern}`;
    const count = (this.#made.get(key) ?? 0) + 1;
    this.#made.set(key, count);
    const group = `plugin:${this.#deps.name}:${key}${count === 1 ? '' : `#${count}`}`;
    if (group.length > MAX_GROUP)
      throw new Error(
        `The name of the plugin and the pattern ${JSON.stringify(pattern)} make a group of ${group.length} characters; it may have ${MAX_GROUP}. Shorten one of them.`,
      );
    return group;
  }
}
