import type { Clock } from '../clock.ts';
import { TestError } from './test-error.ts';

/** So many requests in so many seconds. */
export interface TestRate {
  readonly limit: number;
  readonly windowSeconds: number;
}

/** Counts requests in windows, and tells what is left. */
export class RateCounter {
  readonly #rate: TestRate | null;
  readonly #clock: Clock;
  readonly #windows = new Map<string, { used: number; endsAt: number }>();

  /** @param rate null: nothing is counted. */
  constructor(rate: TestRate | null, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
  }

  /** Counts one request, and refuses none; answers the headers that tell what is left. */
  note(key: string): Record<string, string> {
    return this.#count(key)?.headers ?? {};
  }

  /**
   * Counts one request; answers the headers that tell what is left.
   *
   * @throws TestError `rate_limit_exceeded`, with the same headers.
   */
  take(key: string): Record<string, string> {
    const counted = this.#count(key);
    if (counted === null) return {};
    const { headers, isOver, rate, endsAt } = counted;
    if (!isOver) return headers;
    const seconds = Math.max(1, Math.ceil((endsAt - this.#clock.now()) / 1000));
    throw new TestError(
      'rate_limit_exceeded',
      `More than ${rate.limit} requests in ${rate.windowSeconds}s. Try again in ${seconds} s.`,
      { limit: rate.limit, window: `${rate.windowSeconds}s`, reset_at: new Date(endsAt).toISOString() },
      { ...headers, 'retry-after': String(seconds) },
    );
  }

  #count(key: string) {
    if (this.#rate === null) return null;
    const rate = this.#rate;
    const now = this.#clock.now();
    let window = this.#windows.get(key);
    if (window === undefined || window.endsAt <= now) {
      window = { used: 0, endsAt: now + rate.windowSeconds * 1000 };
      this.#windows.set(key, window);
    }
    window.used += 1;
    const headers = {
      'x-ratelimit-limit': String(rate.limit),
      'x-ratelimit-remaining': String(Math.max(0, rate.limit - window.used)),
      'x-ratelimit-reset': String(Math.ceil(window.endsAt / 1000)),
    };
    return { headers, isOver: window.used > rate.limit, rate, endsAt: window.endsAt };
  }
}
