import type { Clock } from '../kernel/clock.ts';

const CRASHES = 3;
const WINDOW_MS = 300_000;

/** Three crashes in five minutes are too many. A crash is an error that nothing caught. */
export class CrashBudget {
  readonly #clock: Clock;
  #times: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a crash; true when the budget is used up. */
  spend(): boolean {
    const now = this.#clock.monotonic();
    this.#times = [...this.#times.filter((time) => now - time < WINDOW_MS), now];
    return this.#times.length >= CRASHES;
  }

  reset(): void {
    this.#times = [];
  }
}
