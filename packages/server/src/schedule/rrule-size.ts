/** Days of the longest period, by frequency; those of an hour or less lie within a day. */
const days: Record<string, number> = { DAILY: 1, WEEKLY: 7, MONTHLY: 31, YEARLY: 366 };

/**
 * How many times one period of a rule can hold at most, before BYSETPOS picks among them: an upper bound, as months differ.
 */
export function timesInPeriod(parts: ReadonlyMap<string, string>): number {
  const frequency = parts.get('FREQ') ?? '';
  const seconds = frequency === 'SECONDLY' ? 1 : count(parts, 'BYSECOND');
  const minutes = ['SECONDLY', 'MINUTELY'].includes(frequency) ? 1 : count(parts, 'BYMINUTE');
  const hours = frequency in days ? count(parts, 'BYHOUR') : 1;
  return daysInPeriod(frequency, parts) * hours * minutes * seconds;
}

/**
 * How many times rrule-temporal works out to find a single one: all of a period, and of a day where the period is shorter. This is
 * what a rule costs: `FREQ=YEARLY` with every second of every day has 31 million, and would hold up the process for half a minute.
 */
export const timesWorkedOut = (parts: ReadonlyMap<string, string>): number =>
  daysInPeriod(parts.get('FREQ') ?? '', parts) *
  count(parts, 'BYHOUR') *
  count(parts, 'BYMINUTE') *
  count(parts, 'BYSECOND');

/** What looking at one period takes at most, in microseconds, as measured with rrule-temporal 2.2. */
export function costOfPeriod(parts: ReadonlyMap<string, string>): number {
  const frequency = parts.get('FREQ') ?? '';
  const steps = Number(parts.get('INTERVAL') ?? 1) > 1 ? 50 : frequency === 'DAILY' ? 5 : 20;
  return steps + (frequency === 'YEARLY' ? 9 : 2) * timesWorkedOut(parts);
}

const count = (parts: ReadonlyMap<string, string>, name: string): number => parts.get(name)?.split(',').length ?? 1;

function daysInPeriod(frequency: string, parts: ReadonlyMap<string, string>): number {
  const longest = days[frequency] ?? 1;
  const entries = (name: string): string[] => parts.get(name)?.split(',') ?? [];
  const months = frequency === 'YEARLY' ? entries('BYMONTH').length : 1;
  const bounds: number[] = [];
  if (parts.has('BYMONTHDAY')) bounds.push(entries('BYMONTHDAY').length * (months || 12));
  if (parts.has('BYYEARDAY')) bounds.push(entries('BYYEARDAY').length);
  if (parts.has('BYDAY')) {
    const weeks =
      frequency === 'WEEKLY' || frequency === 'DAILY' ? 1 : frequency === 'MONTHLY' ? 5 : months > 0 ? 5 * months : 53;
    const placed = frequency === 'YEARLY' ? Math.max(1, months) : 1;
    const ofDays = entries('BYDAY').map((day) => (/\d/.test(day) ? placed : weeks));
    bounds.push(ofDays.reduce((sum, each) => sum + each, 0));
  } else if (parts.has('BYWEEKNO')) {
    bounds.push(entries('BYWEEKNO').length * 7);
  }
  const named = ['BYMONTHDAY', 'BYYEARDAY', 'BYDAY', 'BYWEEKNO'].some((name) => parts.has(name));
  // Without a day the day of DTSTART is meant: one in each month, or in the year.
  if (!named && frequency !== 'DAILY') bounds.push(Math.max(1, months));
  // The days of BYYEARDAY may come besides the others: so rrule-temporal reads them.
  const most = parts.has('BYYEARDAY') ? bounds.reduce((sum, each) => sum + each, 0) : Math.min(longest, ...bounds);
  return Math.min(longest, most);
}
