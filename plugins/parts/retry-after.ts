/**
 * How long an answer asks to be waited with the next request, milliseconds; 0 where it does not say.
 *
 * @param header `Retry-After`: seconds or an HTTP date (RFC 9110 section 10.2.3).
 * @param now Unix milliseconds.
 */
export function retryAfterMs(header: string | string[] | undefined, now: number): number {
  const text = [header].flat()[0]?.trim() ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), LONGEST_MS);
}
const LONGEST_MS = 300_000;
