import cronstrue from 'cronstrue';
import { toText } from 'rrule-temporal/totext';

/** A normalised cron expression in words, English: `At 08:00, Monday through Friday`. */
export function describeCron(expression: string): string {
  const fields = expression.split(' ');
  const [day, month, weekday] = fields.slice(-3);
  try {
    if (day === '*' || weekday === '*') return inWords(expression);
    // The library joins the two days by "and", but either is enough.
    const time = fields.slice(0, -3).join(' ');
    const [first = '', ...rest] = inWords(`${time} * ${month} ${weekday}`);
    return `${inWords(`${time} ${day} ${month} *`)}, and ${first.toLowerCase()}${rest.join('')}`;
  } catch {
    // It has no words for a few forms that fire well, for example `3,15W`.
    return `At the times of the cron expression ${expression}`;
  }
}

const inWords = (expression: string): string => cronstrue.toString(expression, { use24HourTimeFormat: true });

/** A recurrence in words, English. `start` and `until` are walls. */
export function describeRrule(parts: ReadonlyMap<string, string>, start: number, until: number | null): string {
  const rule = [...parts].map(([name, value]) => {
    // The library takes UNTIL in UTC only; the words show its local date.
    return name === 'UNTIL' && until !== null ? `UNTIL=${stamp(until)}Z` : `${name}=${value}`;
  });
  const text = toText(`DTSTART:${stamp(start)}Z\nRRULE:${rule.join(';')}`, 'en', { excludeTzAbbreviation: true });
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const stamp = (wall: number): string => new Date(wall).toISOString().slice(0, 19).replace(/[-:]/g, '');
