import { setTimeout as wait } from 'node:timers/promises';

/** Waits, until the signal at most; it does not throw then. @param ms milliseconds. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/**
 * How long to wait before trying again: 200 ms, twice as long after each failure, 30 s at most, of which up to a quarter less,
 * so that several processes do not come all at once.
 *
 * @param failures how many there were before, from 0.
 */
export function backoffMs(failures: number): number {
  const full = Math.min(30_000, 200 * 2 ** failures);
  return Math.round(full * (1 - Math.random() / 4));
}
