import { setTimeout as sleep } from 'node:timers/promises';
import { isOrdinautError } from '@ordinaut/sdk';

/** Milliseconds between two tries; half of them are random, so that programs that wait for one server do not come back together. */
const PAUSE_MS = 1_000;

/**
 * Waits before the next try, at least as long as the server has asked for; less where the signal is aborted meanwhile.
 *
 * @throws the error itself, where trying again cannot help or the signal is aborted already.
 */
export async function pauseAfter(error: unknown, signal: AbortSignal): Promise<void> {
  if (!isOrdinautError(error) || !error.retryable || signal.aborted) throw error;
  const pauseMs = Math.max(error.retryAfterMs ?? 0, PAUSE_MS * (0.5 + Math.random() / 2));
  await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
}

/**
 * Makes a call again until it succeeds. The client does so for a minute at most, as one who waits for the answer wants it; a program in
 * the background has more time.
 *
 * @param call is to send the same `idempotencyKey` every time, where it is not harmless to do it twice, and to take the signal.
 * @throws what the last try threw, where trying again cannot help or the signal is aborted.
 */
export async function patiently<Result>(call: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      await pauseAfter(error, signal);
    }
  }
}
