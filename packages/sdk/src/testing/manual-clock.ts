import type { Clock } from '../clock.ts';

interface Timer {
  readonly at: number;
  readonly ring: () => void;
}

/**
 * A clock that goes on only when it is told to: hours in the life of a client pass in milliseconds. Give it to the client and to the
 * test server.
 *
 * @example
 * const clock = new ManualClock();
 * const server = createTestServer({ clock });
 * await clock.advance(3_600_000);
 */
export class ManualClock implements Clock {
  #now: number;
  #monotonic = 0;
  readonly #timers = new Set<Timer>();

  /** @param now where it begins, epoch milliseconds. Default: 2026-01-01T00:00:00Z. */
  constructor(now: number = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  /** Timers that have not rung: none are left when everything that used the clock has ended. */
  get pending(): number {
    return this.#timers.size;
  }

  readonly now = (): number => this.#now;

  /** Milliseconds since the clock was made. */
  readonly monotonic = (): number => this.#monotonic;

  readonly setTimer = (ring: () => void, ms: number): (() => void) => {
    const timer = { at: this.#monotonic + Math.max(0, ms), ring };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  };

  /**
   * Goes on by `ms`. Timers ring in order, each at its time; what follows from one is waited for before the next, as far as it needs
   * no input and output.
   */
  async advance(ms: number): Promise<void> {
    const until = this.#monotonic + ms;
    await quiet();
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#timers.delete(next);
      this.#goTo(Math.max(next.at, this.#monotonic));
      next.ring();
      await quiet();
    }
    this.#goTo(until);
  }

  /**
   * Goes on from timer to timer until something is settled.
   *
   * @param mostMs how far at most, in milliseconds. Default: a day.
   * @throws Error where it is not settled by then, or nothing is left to wait for.
   */
  async until<Value>(something: PromiseLike<Value>, mostMs: number = 86_400_000): Promise<Value> {
    let isSettled = false;
    const settle = () => {
      isSettled = true;
    };
    const settled = Promise.resolve(something);
    settled.then(settle, settle);
    const until = this.#monotonic + mostMs;
    await quiet();
    while (!isSettled) {
      const next = this.#next(until);
      if (next === undefined) throw new Error(`Nothing more happens within ${mostMs} ms, and it is not settled.`);
      await this.advance(Math.max(0, next.at - this.#monotonic));
    }
    return settled;
  }

  /** Sets the clock on the wall to another instant, as an operator may; timers are not touched. */
  setNow(now: number): void {
    this.#now = now;
  }

  #goTo(monotonic: number): void {
    this.#now += monotonic - this.#monotonic;
    this.#monotonic = monotonic;
  }

  #next(until: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at <= until && (first === undefined || timer.at < first.at)) first = timer;
    }
    return first;
  }
}

/** Enough for a request to be answered in memory, and the answer to be read. */
const TURNS = 6;

/** Turns of the event loop: promises that were resolved, and those after them, have been followed by then. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await new Promise<void>(nextTurn);
}

/** Browsers have no `setImmediate`, and make a timer wait for 4 ms; a message comes at once. */
const nextTurn = (resolve: () => void): void => {
  if ('setImmediate' in globalThis) return void setImmediate(resolve);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    resolve();
  };
  port2.postMessage(null);
};
