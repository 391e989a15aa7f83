const SECOND = 1000;

/**
 * The DTSTART of an RRULE that nobody gave one: the second the task is made in.
 *
 * RFC 5545 takes from DTSTART what the rule does not say, so `FREQ=DAILY;BYHOUR=9` made at 14:37:22 would run at 09:37:22. Who
 * names an hour means the full hour, and who names a minute the full minute: then the start is the next one of those in the
 * zone. Source: RFC 5545, 3.3.10 and 3.8.5.3.
 *
 * @param now Epoch milliseconds.
 */
export function implicitStart(expr: string, timezone: string, now: number): number {
  const says = (part: string) => new RegExp(`\\b${part}=`, 'i').test(expr);
  const second = Math.floor(now / SECOND) * SECOND;
  if (says('BYSECOND')) return second;
  const unit = says('BYMINUTE') ? 'minute' : says('BYHOUR') ? 'hour' : null;
  if (unit === null || !isZone(timezone)) return second;
  const local = Temporal.Instant.fromEpochMilliseconds(second).toZonedDateTimeISO(timezone);
  return local.round({ smallestUnit: unit, roundingMode: 'ceil' }).epochMilliseconds;
}

/** A zone that is none is told by the parser. */
function isZone(timezone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: timezone }) !== null;
  } catch {
    return false;
  }
}
