const HOUR_MS = 3_600_000;
/** A session of a browser ends when it was not used for this long, */
const IDLE_MS = 12 * HOUR_MS;
/** and in any case after this. */
const LONGEST_MS = 7 * 24 * HOUR_MS;

/** When the session of a browser ends at the latest. Epoch milliseconds, as all here. */
export const longestLife = (createdAt: number): number => createdAt + LONGEST_MS;

/** When the session of a browser ends that is used now. */
export const slidingExpiry = (createdAt: number, now: number): number =>
  Math.min(now + IDLE_MS, longestLife(createdAt));
