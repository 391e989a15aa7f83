import type { Core } from './core.ts';
import { credentialsOf } from './credentials/credentials-of.ts';
import type { ClientOptions } from './options.ts';
import { resolveOptions } from './resolve-options.ts';
import { CallStatistics } from './telemetry/call-statistics.ts';
import type { ClientEvent } from './telemetry/events.ts';
import { Telemetry } from './telemetry/telemetry.ts';
import { CircuitBoard } from './transport/circuit-board.ts';
import { Limiter } from './transport/limiter.ts';
import { send } from './transport/ongoing-call.ts';
import { requestOf } from './transport/outgoing-request.ts';
import { RetryBudget } from './transport/retry-budget.ts';
import { Checker } from './validation/checker.ts';

export interface CoreCounts {
  logins: number;
  refreshes: number;
}

/**
 * What the calls of a client share.
 *
 * @throws ConfigurationError for options that are not as they have to be.
 */
export function createCore(given: ClientOptions, closed: AbortSignal): Core & { readonly counts: CoreCounts } {
  const options = resolveOptions(given);
  const { clock, random, retry } = options;
  const telemetry = new Telemetry(given.observers ?? []);
  const counts: CoreCounts = { logins: 0, refreshes: 0 };
  // What the clock of the server is ahead of the monotonic one.
  let serverOffset: number | null = null;
  const onSession = (event: Extract<ClientEvent, { type: 'session' }>) => {
    if (event.error === undefined) counts[event.way === 'login' ? 'logins' : 'refreshes'] += 1;
    telemetry.emit(event);
  };
  const core: Core & { readonly counts: CoreCounts } = {
    options,
    counts,
    telemetry,
    closed,
    limiter: new Limiter(options.concurrency),
    budget: new RetryBudget(retry.budget, retry.refill),
    statistics: new CallStatistics(),
    checker: new Checker({ ...options.validation, telemetry }),
    circuits: new CircuitBoard({
      host: options.base.host,
      clock,
      random,
      rules: options.circuit,
      onChange: (affected, state, retryAfterMs) => telemetry.emit({ type: 'circuit', affected, state, retryAfterMs }),
    }),
    serverNow: () => (serverOffset === null ? clock.now() : clock.monotonic() + serverOffset),
    credentials: credentialsOf(given, (operation, body) => logIn(operation, body), {
      clock,
      random,
      onEvent: onSession,
      onServerTime: (epochMs) => {
        if (Number.isFinite(epochMs)) serverOffset = epochMs - clock.monotonic();
      },
    }),
  };
  /**
   * A login may be sent again where an operation of its kind may not: one whose answer was lost leaves a session that ends by itself.
   * A refresh is sent once, since its token counts once.
   */
  async function logIn(operation: string, body: object): Promise<unknown> {
    const request = requestOf(operation, [body]);
    const isLogin = !operation.endsWith('refresh');
    return (
      await send(core, { ...request, repeat: isLogin ? 'idempotent' : 'single', parts: null }, { rank: 'session' })
    ).data;
  }
  return core;
}
