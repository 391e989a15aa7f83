import { parseSchedule, ScheduleError, type ScheduleSpec, type TimeSchedule } from '../../src/schedule/parse.ts';

export const at = (iso: string): number => Date.parse(iso);

export const spec = (given: Partial<ScheduleSpec> & Pick<ScheduleSpec, 'kind'>): ScheduleSpec => ({
  expr: null,
  eventTopic: null,
  timezone: 'UTC',
  dtstart: null,
  ...given,
});

export const cron = (expr: string, timezone = 'UTC'): TimeSchedule =>
  parseSchedule({ ...spec({ kind: 'cron', expr, timezone }), kind: 'cron' });

export const rrule = (expr: string, timezone = 'UTC', dtstart: string | null = '2026-01-01T08:00:00Z'): TimeSchedule =>
  parseSchedule({
    ...spec({ kind: 'rrule', expr, timezone, dtstart: dtstart === null ? null : at(dtstart) }),
    kind: 'rrule',
  });

export const once = (expr: string, timezone = 'UTC'): TimeSchedule =>
  parseSchedule({ ...spec({ kind: 'once', expr, timezone }), kind: 'once' });

/** The first fire times after an instant, as the wall of the zone shows them. */
export function fires(schedule: TimeSchedule, from: string | number, count: number): string[] {
  const found: string[] = [];
  let last = typeof from === 'number' ? from : at(from);
  while (found.length < count) {
    const next = schedule.nextAfter(last);
    if (next === null) break;
    found.push(schedule.zone.show(next));
    last = next;
  }
  return found;
}

/** The issues of a spec as `field: sentence`; empty when it is fine. */
export function issuesOf(given: ScheduleSpec): string[] {
  try {
    parseSchedule(given);
    return [];
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    return error.issues.map(({ field, issue }) => `${field}: ${issue}`);
  }
}
