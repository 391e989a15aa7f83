import { didYouMean } from '../kernel/near.ts';

/** What a cron expression says, as sorted lists of allowed values. Months are 1–12, weekdays 0–6 with 0 = Sunday. */
export interface CronFields {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly months: readonly number[];
  /** Null where the field is `*`. */
  readonly days: DayRules | null;
  readonly weekdays: WeekdayRules | null;
}

export interface DayRules {
  readonly days: ReadonlySet<number>;
  /** `L`: the last day of the month. */
  readonly last: boolean;
  /** `LW`: the last day of the month that is no Saturday or Sunday. */
  readonly lastWorkday: boolean;
  /** `15W`: the day of Monday to Friday nearest to each of these, in the same month. */
  readonly nearestWorkdays: ReadonlySet<number>;
}

export interface WeekdayRules {
  readonly weekdays: ReadonlySet<number>;
  /** `FRI#2`: weekday and its place in the month, 1–5. */
  readonly nth: readonly { readonly weekday: number; readonly nth: number }[];
  /** `FRIL`: the last of this weekday in the month. */
  readonly last: ReadonlySet<number>;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const fields = {
  second: { name: 'second', min: 0, max: 59 },
  minute: { name: 'minute', min: 0, max: 59 },
  hour: { name: 'hour', min: 0, max: 23 },
  day: { name: 'day of month', min: 1, max: 31 },
  month: {
    name: 'month',
    min: 1,
    max: 12,
    names: ['', 'JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
  },
  weekday: { name: 'weekday', min: 0, max: 7, names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'] },
} as const satisfies Record<string, Field>;

const nicknames: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** The five or six fields an expression stands for: nicknames written out, upper case, one space between. */
export function normalizeCron(expression: string): string {
  const text = expression.trim().replace(/\s+/g, ' ');
  return nicknames[text.toLowerCase()] ?? text.toUpperCase();
}

/** Reads a normalised expression: its fields, or a sentence for each one that is wrong. */
export function readCron(normalized: string): CronFields | { readonly issues: readonly string[] } {
  if (normalized.startsWith('@')) {
    const name = normalized.toLowerCase();
    const hint = didYouMean(name, Object.keys(nicknames)) || ` Known: ${Object.keys(nicknames).join(', ')}.`;
    return { issues: [`\`${name}\` is not a cron nickname.${hint}`] };
  }
  const parts = normalized === '' ? [] : normalized.split(' ');
  if (parts.length !== 5 && parts.length !== 6) {
    const shape = '5 (minute hour day month weekday) or 6 with seconds first';
    return {
      issues: [`\`${normalized}\` has ${parts.length} field${parts.length === 1 ? '' : 's'}; cron has ${shape}.`],
    };
  }
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = parts.slice(-5);
  const issues: string[] = [];
  const read = {
    seconds: readNumbers(fields.second, parts.length === 6 ? (parts[0] ?? '') : '0', issues),
    minutes: readNumbers(fields.minute, minute, issues),
    hours: readNumbers(fields.hour, hour, issues),
    days: day === '*' ? null : readDays(day, issues),
    months: readNumbers(fields.month, month, issues),
    weekdays: weekday === '*' ? null : readWeekdays(weekday, issues),
  };
  return issues.length > 0 ? { issues } : read;
}

function readDays(text: string, issues: string[]): DayRules {
  const plain: string[] = [];
  const nearestWorkdays = new Set<number>();
  const terms = text.split(',');
  for (const term of terms) {
    const nearest = /^(\d+)W$/.exec(term);
    if (nearest) nearestWorkdays.add(readValue(fields.day, nearest[1] ?? '', issues));
    else if (term !== 'L' && term !== 'LW') plain.push(term);
  }
  const days = plain.length > 0 ? readNumbers(fields.day, plain.join(','), issues) : [];
  return { days: new Set(days), last: terms.includes('L'), lastWorkday: terms.includes('LW'), nearestWorkdays };
}

function readWeekdays(text: string, issues: string[]): WeekdayRules {
  const plain: string[] = [];
  const nth: { weekday: number; nth: number }[] = [];
  const last = new Set<number>();
  for (const term of text.split(',')) {
    const special = /^([A-Z]{3}|\d+)(?:#(\d+)|L)$/.exec(term);
    if (!special) {
      plain.push(term);
      continue;
    }
    const weekday = readValue(fields.weekday, special[1] ?? '', issues) % 7;
    if (special[2] === undefined) {
      last.add(weekday);
    } else {
      const place = Number(special[2]);
      if (place < 1 || place > 5) issues.push(`weekday \`${term}\` is out of range; the place after # is 1-5.`);
      nth.push({ weekday, nth: place });
    }
  }
  const weekdays = plain.length > 0 ? readNumbers(fields.weekday, plain.join(','), issues) : [];
  return { weekdays: new Set(weekdays.map((weekday) => weekday % 7)), nth, last };
}

function readNumbers(field: Field, text: string, issues: string[]): number[] {
  const values = new Set<number>();
  for (const term of text.split(',')) {
    for (const value of readTerm(field, term, text, issues)) values.add(value);
  }
  return [...values].sort((a, b) => a - b);
}

function readTerm(field: Field, term: string, text: string, issues: string[]): number[] {
  const { name, min, max, names }: Field = field;
  if (term === '') {
    issues.push(`${name} \`${text}\` has an empty entry; remove the comma or write a value.`);
    return [];
  }
  const [range = '', step, ...more] = term.split('/');
  const [first = '', last, ...rest] = range.split('-');
  if (more.length > 0 || rest.length > 0 || first === '' || last === '' || step === '') {
    issues.push(`${name} \`${term}\` cannot be read; write a value, a range like ${min}-${max}, \`*\` or \`*/n\`.`);
    return [];
  }
  const every = step === undefined ? 1 : Number(step);
  if (!/^\d+$/.test(step ?? '1') || every < 1 || every > max - min + 1) {
    issues.push(`${name} \`${term}\` has the step \`${step}\`; a step is 1-${max - min + 1}.`);
    return [];
  }
  if (range === '*') return count(min, max, every);
  const before = issues.length;
  const from = readValue(field, first, issues);
  const to = last === undefined ? from : readValue(field, last, issues);
  if (issues.length > before) return [];
  if (last === undefined && step !== undefined) {
    issues.push(`${name} \`${term}\` steps from a single value; write \`${first}-${max}/${step}\`.`);
    return [];
  }
  if (last === 'SUN') return count(from, Math.max(from, 7), every);
  if (to < from) {
    issues.push(
      `${name} \`${range}\` runs backwards; write two entries: \`${first}-${names?.at(-1) ?? max},${names?.find(Boolean) ?? min}-${last}\`.`,
    );
    return [];
  }
  return count(from, to, every);
}

function readValue(field: Field, text: string, issues: string[]): number {
  const { name, min, max, names } = field;
  const named = names === undefined || text === '' ? -1 : names.indexOf(text);
  if (named >= 0) return named;
  const value = Number(text);
  if (!/^\d+$/.test(text)) {
    const hint = text === '?' ? ' Write `*`.' : names === undefined ? '' : didYouMean(text, names.filter(Boolean));
    const or = names === undefined ? '' : ` or a name like ${names[1]}`;
    issues.push(`${name} \`${text}\` is not a number ${min}-${max}${or}.${hint}`);
  } else if (value < min || value > max) {
    issues.push(`${name} \`${text}\` is out of range ${min}-${max}.`);
  }
  return value;
}

function count(from: number, to: number, step: number): number[] {
  const values: number[] = [];
  for (let value = from; value <= to; value += step) values.push(value);
  return values;
}
