import type { EventSchedule, TimeSchedule } from '../schedule/schedule.ts';

/** Whether the clock fires it; the others are fired by events. */
export const isTimed = (schedule: TimeSchedule | EventSchedule): schedule is TimeSchedule =>
  schedule.kind === 'cron' || schedule.kind === 'rrule' || schedule.kind === 'once';

/**
 * The first fire time of a task that begins (or goes on) now; null: none is left, or events fire it.
 *
 * A `once` keeps its instant even when that is past: whether it then runs is for the misfire policy to say. An rrule whose
 * first instant was not given begins with the second the task was made in, which RFC 5545 (3.8.5.3) counts as the first.
 */
export function firstFireTime(
  schedule: TimeSchedule | EventSchedule,
  now: number,
  implicitStart: number | null = null,
): number | null {
  if (!isTimed(schedule)) return null;
  if (schedule.kind === 'once') return schedule.nextAfter(Number.NEGATIVE_INFINITY);
  return schedule.nextAfter(implicitStart === null ? now : implicitStart - 1);
}
