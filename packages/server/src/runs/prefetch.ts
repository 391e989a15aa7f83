/** A run claimed ahead is begun within this time, as far as the runs before it tell. */
const AHEAD_MS = 25;
const MAX = 1000;
const WEIGHT = 0.05;

/** How many runs to claim beyond those that can execute at once: what the worker gets through in some milliseconds. */
export class Prefetch {
  readonly #concurrency: number;
  #meanMs = Number.POSITIVE_INFINITY;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  /** Tells how long a run was executed, in milliseconds. */
  took(ms: number): void {
    this.#meanMs = Number.isFinite(this.#meanMs) ? this.#meanMs + (ms - this.#meanMs) * WEIGHT : ms;
  }

  /** Forgets what was measured: nothing is claimed ahead until runs are short again. */
  forget(): void {
    this.#meanMs = Number.POSITIVE_INFINITY;
  }

  get size(): number {
    return Math.min(MAX, Math.floor((this.#concurrency * AHEAD_MS) / Math.max(this.#meanMs, 0.1)));
  }
}
