import type { OperationEntry } from '../operation-entry.ts';
import { isOrdinautError, type OrdinautError } from '../ordinaut-error.ts';
import { retryableStatuses } from './answer-error.ts';

/** Whether a request may be sent again, by what the contract says of it and by what came of it. */
export function mayRepeat(repeat: OperationEntry['repeat'], error: OrdinautError): boolean {
  // What came too soon was not begun.
  if (error.status === 429) return true;
  if (repeat === 'single') return false;
  if (error.status === null) return error.retryable && isOrdinautError(error, 'connection', 'timeout');
  // The server is still answering the first one, which was given up here.
  if (error.status === 409) return repeat === 'keyed' && error.retryAfterMs !== null;
  return retryableStatuses.has(error.status);
}

/**
 * Milliseconds before the next attempt: `random × min(baseMs × 2ⁿ, maxMs)` ("full jitter"), and that on top of what the server asks for,
 * so that those who were sent away together do not come back together.
 *
 * @param retries how many there were, 0 before the first.
 */
export const backoffMs = (
  retries: number,
  { baseMs, maxMs }: { readonly baseMs: number; readonly maxMs: number },
  random: () => number,
): number => random() * Math.min(baseMs * 2 ** retries, maxMs);
