import { didYouMean } from '../kernel/near.ts';

/** A recurrence as its lines say it; values are upper case and not yet read. */
export interface RruleText {
  /** Parts of the RRULE by name, in their order. */
  readonly parts: ReadonlyMap<string, string>;
  readonly dtstart: DateLine | null;
  readonly exdates: readonly DateLine[];
  readonly rdates: readonly DateLine[];
  readonly issues: readonly string[];
}

/** One value of a DTSTART, EXDATE or RDATE line, with the zone it names. */
export interface DateLine {
  readonly value: string;
  readonly tzid: string | null;
}

const frequencies = ['SECONDLY', 'MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'];
const lists: Record<string, readonly [min: number, max: number, signed: boolean]> = {
  BYSECOND: [0, 59, false],
  BYMINUTE: [0, 59, false],
  BYHOUR: [0, 23, false],
  BYMONTHDAY: [1, 31, true],
  BYYEARDAY: [1, 366, true],
  BYWEEKNO: [1, 53, true],
  BYMONTH: [1, 12, false],
  BYSETPOS: [1, 366, true],
};
const partNames = ['FREQ', 'INTERVAL', 'COUNT', 'UNTIL', 'BYDAY', 'WKST', ...Object.keys(lists)];
const weekday = /^(?:MO|TU|WE|TH|FR|SA|SU)$/;
const byday = /^(?:([+-]?)(\d{1,2}))?(MO|TU|WE|TH|FR|SA|SU)$/;

/**
 * Reads the lines of a recurrence: a rule alone, with or without `RRULE:`, or RRULE with DTSTART, EXDATE and RDATE lines
 * (RFC 5545 §3.8.5; folded lines and lower case are accepted). Every part is checked against §3.3.10.
 */
export function readRrule(text: string): RruleText {
  const issues: string[] = [];
  const parts = new Map<string, string>();
  const dates: Record<'DTSTART' | 'EXDATE' | 'RDATE', DateLine[]> = { DTSTART: [], EXDATE: [], RDATE: [] };
  let rules = 0;
  for (const line of linesOf(text)) {
    const colon = line.indexOf(':');
    const [property = '', ...parameters] = (colon < 0 ? 'RRULE' : line.slice(0, colon)).split(';');
    const name = property.toUpperCase();
    const value = line.slice(colon + 1);
    if (name === 'RRULE') {
      if (++rules > 1) issues.push('has more than one RRULE line; make a task for each.');
      else readParts(value.toUpperCase(), parts, issues);
    } else if (name === 'DTSTART' || name === 'EXDATE' || name === 'RDATE') {
      dates[name].push(...readDates(name, parameters, value, issues));
    } else {
      issues.push(`has the line \`${name}\`, which is not known here; RRULE, DTSTART, EXDATE and RDATE are.`);
    }
  }
  if (rules === 0) issues.push('has no RRULE line, for example `RRULE:FREQ=DAILY`.');
  if (dates.DTSTART.length > 1) issues.push('has more than one DTSTART; keep one.');
  if (rules > 0) checkTogether(parts, issues);
  return { parts, dtstart: dates.DTSTART[0] ?? null, exdates: dates.EXDATE, rdates: dates.RDATE, issues };
}

/** Lines without folding (RFC 5545 §3.1) and without empty ones. */
const linesOf = (text: string): string[] =>
  text
    .replace(/\r\n?/g, '\n')
    .replace(/\n[ \t]/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

function readDates(name: string, parameters: string[], value: string, issues: string[]): DateLine[] {
  let tzid: string | null = null;
  for (const parameter of parameters) {
    const equals = parameter.indexOf('=');
    const key = parameter.slice(0, equals).toUpperCase();
    const given = parameter.slice(equals + 1);
    if (key === 'TZID') tzid = given;
    else if (key !== 'VALUE' || !/^DATE(?:-TIME)?$/i.test(given)) {
      issues.push(`has \`${parameter}\` on ${name}; TZID, VALUE=DATE and VALUE=DATE-TIME are known.`);
    }
  }
  return value.split(',').map((entry) => ({ value: entry.trim().toUpperCase(), tzid }));
}

function readParts(text: string, parts: Map<string, string>, issues: string[]): void {
  for (const part of text.replace(/;$/, '').split(';')) {
    const [name = '', value = '', ...more] = part.split('=').map((side) => side.trim());
    if (value === '' || more.length > 0) issues.push(`has the part \`${part}\`; a part is NAME=VALUE.`);
    else if (!partNames.includes(name)) issues.push(`has the unknown part \`${name}\`.${didYouMean(name, partNames)}`);
    else if (parts.has(name)) issues.push(`has ${name} more than once; keep one.`);
    else {
      parts.set(name, value);
      const issue = checkPart(name, value);
      if (issue !== null) issues.push(issue);
    }
  }
}

function checkPart(name: string, value: string): string | null {
  const list = lists[name];
  if (list) return checkNumbers(name, value, ...list);
  switch (name) {
    case 'FREQ':
      if (frequencies.includes(value)) return null;
      return `has FREQ \`${value}\`; allowed: ${frequencies.join(', ')}.${didYouMean(value, frequencies)}`;
    case 'INTERVAL':
    case 'COUNT':
      return /^\d{1,9}$/.test(value) && Number(value) > 0
        ? null
        : `has ${name} \`${value}\`; it is a whole number from 1.`;
    case 'WKST':
      return weekday.test(value) ? null : `has WKST \`${value}\`; allowed: MO, TU, WE, TH, FR, SA, SU.`;
    case 'BYDAY':
      for (const entry of value.split(',')) {
        const [matched, , place] = byday.exec(entry) ?? [];
        if (matched === undefined || (place !== undefined && (Number(place) < 1 || Number(place) > 53))) {
          return `has BYDAY \`${entry}\`; write MO, TU, WE, TH, FR, SA, SU, with a place like 1MO or -1FR.`;
        }
      }
      return null;
    default:
      return null;
  }
}

function checkNumbers(name: string, value: string, min: number, max: number, signed: boolean): string | null {
  for (const entry of value.split(',')) {
    const number = Number(entry);
    const size = signed ? Math.abs(number) : number;
    if (!/^[+-]?\d{1,3}$/.test(entry) || size < min || size > max) {
      return `has ${name} \`${entry}\`; it is ${min}-${max}${signed ? ` or -${max} to -${min}` : ''}.`;
    }
  }
  return null;
}

/** What RFC 5545 §3.3.10 says of parts together. */
function checkTogether(parts: ReadonlyMap<string, string>, issues: string[]): void {
  const frequency = parts.get('FREQ');
  if (frequency === undefined) {
    issues.push('has no FREQ, for example FREQ=DAILY.');
    return;
  }
  if (parts.has('COUNT') && parts.has('UNTIL')) issues.push('has both COUNT and UNTIL; keep one.');
  if (parts.has('BYWEEKNO') && frequency !== 'YEARLY') issues.push(`has BYWEEKNO, which goes with FREQ=YEARLY only.`);
  if (parts.has('BYYEARDAY') && ['DAILY', 'WEEKLY', 'MONTHLY'].includes(frequency)) {
    issues.push(`has BYYEARDAY, which does not go with FREQ=${frequency}.`);
  }
  if (parts.has('BYMONTHDAY') && frequency === 'WEEKLY')
    issues.push('has BYMONTHDAY, which does not go with FREQ=WEEKLY.');
  const placed = /\d/.test(parts.get('BYDAY') ?? '');
  if (placed && frequency !== 'MONTHLY' && frequency !== 'YEARLY') {
    issues.push(`has a place in BYDAY \`${parts.get('BYDAY')}\`, which goes with FREQ=MONTHLY and YEARLY only.`);
  } else if (placed && parts.has('BYWEEKNO')) {
    issues.push(`has a place in BYDAY \`${parts.get('BYDAY')}\`, which does not go with BYWEEKNO.`);
  }
  const others = [...parts.keys()].some((name) => name.startsWith('BY') && name !== 'BYSETPOS');
  if (parts.has('BYSETPOS') && !others) issues.push('has BYSETPOS, which needs another BY… part to choose from.');
}
