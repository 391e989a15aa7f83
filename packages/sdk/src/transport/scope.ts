import type { Clock } from '../clock.ts';

export interface ScopeOptions {
  readonly clock: Clock;
  /** What ends it from outside, and what its reason becomes. */
  readonly signals?: readonly {
    readonly signal: AbortSignal | undefined;
    readonly reason?: (reason: unknown) => unknown;
  }[];
  /** Milliseconds until it ends by itself. Default: never. */
  readonly timeoutMs?: number;
  /** The reason when the time is over. */
  readonly onTimeout?: () => unknown;
}

/**
 * How long something may go on: until a signal, or until its time is over. Whatever is waited for within it is given up at that moment.
 * `dispose` takes back the timer and every listener.
 */
export class Scope {
  readonly #controller = new AbortController();
  readonly #undo: (() => void)[] = [];
  readonly #clock: Clock;
  /** When its time is over, by the monotonic clock. */
  readonly endsAt: number;

  constructor({ clock, signals = [], timeoutMs = Number.POSITIVE_INFINITY, onTimeout }: ScopeOptions) {
    this.#clock = clock;
    this.endsAt = clock.monotonic() + timeoutMs;
    for (const { signal, reason = (given: unknown) => given } of signals) {
      if (signal === undefined) continue;
      const end = () => this.end(reason(signal.reason));
      if (signal.aborted) end();
      signal.addEventListener('abort', end, { once: true });
      this.#undo.push(() => signal.removeEventListener('abort', end));
    }
    if (timeoutMs !== Number.POSITIVE_INFINITY) {
      this.#undo.push(clock.setTimer(() => this.end(onTimeout?.()), timeoutMs));
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get isOver(): boolean {
    return this.signal.aborted;
  }

  remainingMs(): number {
    return this.endsAt - this.#clock.monotonic();
  }

  end(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** What `work` gives; or the end of the scope, if that is first. */
  within<T>(work: PromiseLike<T>): Promise<T> {
    const { signal } = this;
    return new Promise<T>((resolve, reject) => {
      const end = () => reject(signal.reason);
      if (signal.aborted) end();
      signal.addEventListener('abort', end, { once: true });
      work.then(resolve, reject).then(() => signal.removeEventListener('abort', end));
    });
  }

  /** Waits so many milliseconds. */
  async sleep(ms: number): Promise<void> {
    let stop: (() => void) | undefined;
    const rung = new Promise<void>((resolve) => {
      stop = this.#clock.setTimer(resolve, ms);
    });
    try {
      await this.within(rung);
    } finally {
      stop?.();
    }
  }

  dispose(): void {
    for (const undo of this.#undo.splice(0)) undo();
  }
}
