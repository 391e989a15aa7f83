import type { FireTime } from '@ordinaut/contract';
import { toIso } from '../kernel/clock.ts';
import { isTimeSchedule, parseSchedule } from './parse.ts';
import type { ScheduleSpec, TimeSchedule } from './schedule.ts';
import { showWall } from './zone.ts';

export interface PreviewRequest {
  /** Fire times to show, 1–100; default 10. */
  readonly count?: number;
  /** Fire times strictly after this instant, epoch milliseconds; also the DTSTART of an RRULE that has none. */
  readonly from: number;
}

/** The parts of `Preview` of the contract. `fire_times` is empty for schedules of events. */
export interface SchedulePreview {
  readonly timezone: string;
  readonly description: string;
  readonly fire_times: readonly FireTime[];
}

/** What working them out may take, in microseconds of this thread: each may be found after thousands of periods without one. */
const BUDGET = 100_000;

/**
 * The next fire times of a schedule, fewer where they take too long to work out, with what daylight saving time does to each, and the schedule in words.
 *
 * @throws ScheduleError as `parseSchedule`.
 */
export function previewSchedule(spec: ScheduleSpec, { count = 10, from }: PreviewRequest): SchedulePreview {
  const schedule = parseSchedule({ ...spec, dtstart: spec.dtstart ?? (spec.kind === 'rrule' ? from : null) });
  const description = schedule.describe();
  if (!isTimeSchedule(schedule)) return { timezone: spec.timezone, description, fire_times: [] };
  const fireTimes: FireTime[] = [];
  const begun = process.threadCpuUsage();
  for (let at = schedule.nextAfter(from); at !== null && fireTimes.length < count; at = schedule.nextAfter(at)) {
    if (process.threadCpuUsage(begun).user > BUDGET) break;
    fireTimes.push({ at: toIso(at), local: schedule.zone.show(at), note: noteOf(schedule, at) });
  }
  return { timezone: schedule.zone.id, description, fire_times: fireTimes };
}

/** What a change of the clocks does to a fire time, or null. */
export function noteOf(schedule: TimeSchedule, at: number): string | null {
  const { zone } = schedule;
  const { start, end, offset, before } = zone.spanAt(at);
  const runs = clockOf(at + offset);
  if (offset > before && at < start + (offset - before)) {
    const meant = at + before;
    if (schedule.nextLocal(meant - 1) === meant) {
      return `${clockOf(meant)} does not exist on ${dayOf(meant)} (clocks go forward); runs at ${runs}`;
    }
  }
  const after = Number.isFinite(end) ? zone.spanAt(end).offset : offset;
  if (after < offset && at + offset >= end + after) {
    return schedule.repeats
      ? `${runs} occurs twice on this day (clocks go back); this is the first, and it runs at both`
      : `${runs} occurs twice on this day (clocks go back); runs at the first`;
  }
  if (offset < before && at + offset < start + before) {
    return `${runs} occurs twice on this day (clocks go back); this is the second`;
  }
  return null;

  function dayOf(wall: number): string {
    const meant = showWall(wall).slice(0, 10);
    return meant === showWall(at + offset).slice(0, 10) ? 'this day' : meant;
  }
}

const clockOf = (wall: number): string => showWall(wall).slice(11).replace(/:00$/, '');
