import type { TimeSchedule } from './schedule.ts';
import { wrong } from './schedule-error.ts';
import type { Zone } from './zone.ts';

const shape = /^\d{4}-\d\d-\d\d(?:[T ](\d\d:\d\d)(?::\d\d(?:[.,]\d{1,9})?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/**
 * One instant, ISO 8601: `2026-03-29T02:30:00+01:00`, or without offset in the zone of the task, or a date alone for its
 * midnight there. A local time in a gap is shifted forward by it, one that occurs twice is the first. It may lie in the
 * past: see `onceIsPast`.
 *
 * @throws ScheduleError (field `schedule_expr`).
 */
export function parseOnce(expression: string, zone: Zone): TimeSchedule {
  const text = expression.trim();
  const match = shape.exec(text);
  const instant = match === null ? null : instantOf(text.replace(',', '.'), match[2] !== undefined, zone);
  if (instant === null) {
    throw wrong(
      'schedule_expr',
      `\`${text}\` is not a date and time; write 2026-12-31T08:30, with Z or an offset like +01:00, or a date.`,
    );
  }
  const wall = zone.wallAt(instant);
  const local = match?.[2] === undefined ? wallOf(text) : wall;
  return {
    kind: 'once',
    zone,
    repeats: false,
    nextAfter: (after) => (after < instant ? instant : null),
    nextLocal: (afterWall) => (afterWall < local ? local : null),
    describe: () => `Once at ${zone.show(instant)}`,
  };
}

/** Whether a `once` has nothing left to run after `now`; false for every other schedule. */
export const onceIsPast = (schedule: TimeSchedule, now: number): boolean =>
  schedule.kind === 'once' && schedule.nextAfter(now) === null;

function instantOf(text: string, hasOffset: boolean, zone: Zone): number | null {
  try {
    return hasOffset ? Temporal.Instant.from(text).epochMilliseconds : zone.instantOf(wallOf(text));
  } catch {
    return null;
  }
}

const wallOf = (text: string): number =>
  Temporal.PlainDateTime.from(text.replace(',', '.')).toZonedDateTime('UTC').epochMilliseconds;
