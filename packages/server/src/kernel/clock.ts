import { setTimeout as delay } from 'node:timers/promises';

/** Where time comes from. Instants are epoch milliseconds in UTC; durations come from the monotonic clock. */
export interface Clock {
  /** The present instant, epoch milliseconds. It may jump. */
  now(): number;
  /** Milliseconds of a clock that never goes back. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) => delay(Math.max(0, ms), undefined, signal ? { signal } : {}),
};

/** An instant as the API writes it. */
export const toIso = (epochMs: number): string => new Date(epochMs).toISOString();

/** The same for an instant that may be missing. */
export const toIsoOrNull = (epochMs: number | null): string | null => (epochMs === null ? null : toIso(epochMs));
