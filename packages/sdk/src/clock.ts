/** Where time comes from. */
export interface Clock {
  /** The present instant, epoch milliseconds. It may be wrong, and may jump. */
  now(): number;
  /** Milliseconds of a clock that never goes back. */
  monotonic(): number;
  /**
   * Calls `ring` once, after `ms`.
   *
   * @returns takes it back; nothing happens where it has rung.
   */
  setTimer(ring: () => void, ms: number): () => void;
}

/** Timers of JavaScript hold 31 bits. */
const LONGEST_TIMER_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(ring, ms) {
    const timer = setTimeout(ring, Math.min(Math.max(0, ms), LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};
