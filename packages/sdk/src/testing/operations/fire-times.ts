import type { ScheduleKind } from '@ordinaut/contract';
import { badRequest } from '../test-error.ts';

interface Schedule {
  readonly schedule_kind: ScheduleKind;
  readonly schedule_expr?: string | null;
  readonly timezone?: string;
}

const MINUTE_MS = 60_000;
/** Four years, which hold every date there is. */
const LOOKED_AT = (4 * 366 + 1) * 24 * 60;
const ranges = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;
const nicknames: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

/**
 * The next instants after `from` that a schedule fires at, epoch milliseconds. Null: a test server cannot tell, which is so for
 * `rrule`, for other zones than UTC, and for cron beyond five fields of numbers.
 */
export function fireTimes(schedule: Schedule, from: number, count: number): number[] | null {
  const { schedule_kind: kind, schedule_expr: expression, timezone = 'UTC' } = schedule;
  if (kind === 'event' || kind === 'condition') return [];
  if (kind === 'once') {
    const at = Date.parse(expression ?? '');
    if (Number.isNaN(at))
      throw badRequest([{ field: 'schedule_expr', issue: `is ${JSON.stringify(expression)}; it must be an instant.` }]);
    return at > from ? [at] : [];
  }
  const fields = kind === 'cron' && timezone === 'UTC' ? readCron(expression ?? '') : null;
  return fields === null ? null : cronTimes(fields, from, count);
}

/** When a task fires next; null also where a test server cannot tell. Tasks of a test server do not fire by themselves. */
export function nextFireTime(schedule: Schedule, from: number): string | null {
  const [next] = fireTimes(schedule, from, 1) ?? [];
  return next === undefined ? null : new Date(next).toISOString();
}

type CronFields = readonly ReadonlySet<number>[];

function readCron(expression: string): CronFields | null {
  const parts = (nicknames[expression] ?? expression).trim().split(/\s+/);
  if (parts.length !== ranges.length) return null;
  const fields = parts.map((part, at) => readField(part, ranges[at]!));
  return fields.every((field) => field !== null) ? fields : null;
}

function readField(text: string, [least, most]: readonly [number, number]): Set<number> | null {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part);
    if (match === null) return null;
    const [, first, last, step] = match;
    const begin = first === undefined ? least : Number(first);
    const end = last !== undefined ? Number(last) : first === undefined || step !== undefined ? most : begin;
    for (let value = begin; value <= Math.min(end, most); value += Math.max(1, Number(step ?? 1))) values.add(value);
  }
  return values;
}

function cronTimes([minutes, hours, days, months, weekdays]: CronFields, from: number, count: number): number[] {
  const times: number[] = [];
  let at = Math.floor(from / MINUTE_MS) * MINUTE_MS;
  for (let looked = 0; looked < LOOKED_AT && times.length < count; looked += 1) {
    at += MINUTE_MS;
    const date = new Date(at);
    const isDay = days!.has(date.getUTCDate());
    const isWeekday = weekdays!.has(date.getUTCDay()) || (date.getUTCDay() === 0 && weekdays!.has(7));
    // Where both are restricted, either counts (cron's own rule).
    const isRestricted = days!.size < 31 && weekdays!.size < 7;
    const fits = isRestricted ? isDay || isWeekday : isDay && isWeekday;
    if (
      fits &&
      months!.has(date.getUTCMonth() + 1) &&
      hours!.has(date.getUTCHours()) &&
      minutes!.has(date.getUTCMinutes())
    )
      times.push(at);
  }
  return times;
}
