import type { Clock } from '../../kernel/clock.ts';

/** Failures in a row that open it. */
const OPENS_AFTER = 10;
/** How long it stays open at first, and at most, in milliseconds. */
const FIRST_MS = 5_000;
const LONGEST_MS = 60_000;

/**
 * Spares an extension that fails every request: after ten failures in a row nobody is let in for a while, then one request
 * tries, and its outcome decides.
 *
 *    closed --10 failures in a row--> open --time--> half open --success--> closed
 *                                      ^---------------failure, twice as long---'
 */
export class Breaker {
  readonly #clock: Clock;
  #failures = 0;
  #openMs = FIRST_MS;
  #openUntil: number | null = null;
  #trying = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get state(): 'closed' | 'open' | 'half_open' {
    if (this.#openUntil === null) return 'closed';
    return this.#clock.monotonic() < this.#openUntil ? 'open' : 'half_open';
  }

  /** Milliseconds until somebody is let in; 0: come in. In the half-open state the caller is the one that tries. */
  enter(): number {
    if (this.#openUntil === null) return 0;
    const wait = this.#openUntil - this.#clock.monotonic();
    if (wait > 0) return wait;
    // One that tries and never tells must not keep the others out for ever.
    this.#openUntil = this.#clock.monotonic() + this.#openMs;
    this.#trying = true;
    return 0;
  }

  /** Tells the outcome of a request that was let in. */
  settle(failed: boolean): void {
    const tried = this.#trying;
    this.#trying = false;
    if (!failed) {
      this.#failures = 0;
      this.#openUntil = null;
      this.#openMs = FIRST_MS;
      return;
    }
    this.#failures += 1;
    if (!tried && this.#failures < OPENS_AFTER) return;
    if (this.#openUntil !== null && !tried) return;
    if (tried) this.#openMs = Math.min(LONGEST_MS, this.#openMs * 2);
    this.#openUntil = this.#clock.monotonic() + this.#openMs;
  }

  /** A request that was let in has no outcome: its client did not wait. */
  leave(): void {
    this.#trying = false;
  }

  reset(): void {
    this.#failures = 0;
    this.#openUntil = null;
    this.#trying = false;
    this.#openMs = FIRST_MS;
  }
}
