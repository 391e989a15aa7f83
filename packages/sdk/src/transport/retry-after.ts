/** IMF-fixdate, the one form that may be sent (RFC 9110, section 5.6.7). */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Milliseconds that an answer asks to wait (RFC 9110, section 10.2.3): whole seconds or a date. Null where it says nothing, nothing that
 * can be read, or an instant that is past.
 *
 * @param now the present instant by the clock of the server; its own `Date` goes before.
 */
export function retryAfterOf(headers: Headers, now: () => number): number | null {
  const text = headers.get('retry-after')?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  if (!HTTP_DATE.test(text)) return null;
  const sent = headers.get('date') ?? '';
  const ms = Date.parse(text) - (HTTP_DATE.test(sent) ? Date.parse(sent) : now());
  return ms > 0 ? ms : null;
}
