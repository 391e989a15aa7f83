import type { Priority } from '../call.ts';
import type { Core } from '../core.ts';
import { AbortedError, TimeoutError } from '../errors.ts';
import { Scope } from '../transport/scope.ts';
import { timeoutOf } from '../transport/timeouts.ts';
import type { PollFunction, PollOptions } from './poll.ts';
import { rankOf } from './rank.ts';

interface Shared {
  readonly result: Promise<unknown>;
  /** When it came, by the monotonic clock; null while it is under way. */
  settledAt: number | null;
  readonly maxAgeMs: number;
  /** Whether it waits for its turn behind every foreground call. */
  waitsAsLow: boolean;
  /** Takes it out of what is remembered. */
  readonly forget: () => void;
}

/** Makes polls: once where several ask for the same, and when it is their turn. */
export class Poller {
  readonly #core: Core;
  readonly #shared = new Map<unknown, Shared>();

  constructor(core: Core) {
    this.#core = core;
  }

  async poll<T>(ask: PollFunction<T>, options: PollOptions = {}): Promise<T> {
    const { clock } = this.#core.options;
    const key = options.key ?? ask;
    let shared = this.#shared.get(key);
    const isFresh = shared?.settledAt == null || clock.monotonic() - shared.settledAt < (options.maxAgeMs ?? 0);
    // Who is in the foreground does not wait with those who are not.
    const isLate = shared?.waitsAsLow === true && options.priority === 'foreground';
    if (shared === undefined || !isFresh || isLate) {
      shared?.forget();
      shared = this.#begin(key, ask, options);
    }
    const scope = new Scope({
      clock,
      signals: [
        {
          signal: options.signal,
          reason: (cause) => new AbortedError('The poll was aborted by its signal.', { cause }),
        },
      ],
    });
    try {
      // Whoever shares a key asks for the same.
      return (await scope.within(shared.result)) as T;
    } finally {
      scope.dispose();
    }
  }

  #begin<T>(key: unknown, ask: PollFunction<T>, { priority = 'low', maxAgeMs = 0 }: PollOptions): Shared {
    const { clock } = this.#core.options;
    const shared: Shared = {
      result: this.#turn(ask, priority, () => {
        shared.waitsAsLow = false;
      }),
      waitsAsLow: priority === 'low',
      settledAt: null,
      maxAgeMs,
      forget: () => {
        if (this.#shared.get(key) === shared) this.#shared.delete(key);
      },
    };
    this.#shared.set(key, shared);
    shared.result.then(
      () => {
        shared.settledAt = clock.monotonic();
        if (maxAgeMs === 0) shared.forget();
        else this.#forgetOld();
      },
      // A failure is told to those who have waited for it, and to nobody later.
      shared.forget,
    );
    return shared;
  }

  async #turn<T>(ask: PollFunction<T>, priority: Priority, onTurn: () => void): Promise<T> {
    const { clock, timeouts } = this.#core.options;
    const { timeoutMs } = timeoutOf('poll', 'read', timeouts);
    const scope = new Scope({
      clock,
      signals: [{ signal: this.#core.closed, reason: () => new AbortedError('The client was closed.') }],
      timeoutMs,
      onTimeout: () =>
        new TimeoutError(`The poll had no turn within ${timeoutMs} ms: other calls go before it.`, {
          of: 'call',
          retryable: true,
        }),
    });
    try {
      // Also for a function that does not pass its options on: it begins when nobody in the foreground waits.
      (await this.#core.limiter.enter(rankOf({ priority }), scope))();
    } finally {
      scope.dispose();
    }
    onTurn();
    return ask({ priority });
  }

  /** No timer is kept for what is remembered: it is looked through when something comes to it. */
  #forgetOld(): void {
    const now = this.#core.options.clock.monotonic();
    for (const { settledAt, maxAgeMs, forget } of this.#shared.values()) {
      if (settledAt !== null && now - settledAt >= maxAgeMs) forget();
    }
  }
}
