import { CronCalendar } from './cron-calendar.ts';
import { normalizeCron, readCron } from './cron-syntax.ts';
import { describeCron } from './describe.ts';
import { nextInstant } from './local-times.ts';
import type { TimeSchedule } from './schedule.ts';
import { wrong } from './schedule-error.ts';
import type { Zone } from './zone.ts';

/**
 * A cron expression.
 *
 * - Five fields (minute, hour, day of month, month, weekday) or six with seconds first; `*`, values, ranges, lists, steps
 *   (`10-40/10`, or from `*`), names (`JAN`, `MON`, any case), weekdays 0–7 with 0 and 7 = Sunday; `@yearly @annually @monthly
 *   @weekly @daily @midnight @hourly`.
 * - A restricted day of month OR a restricted weekday, as in Unix cron; a field is unrestricted when it is `*` and nothing
 *   else (with a step it is a restriction).
 * - Beyond Unix, in the day of month `L` (last day), `LW` (last workday), `15W` (workday nearest to the 15th); in the weekday
 *   `FRI#2` (second Friday), `FRIL` (last Friday). Not taken: `?`, which other programs read in different ways, a seventh
 *   field for years, `@reboot`, and a step from a single value (`5/10`).
 * - Daylight saving time: see `nextInstant`. An expression that allows all 24 hours follows real time through the hour that
 *   occurs twice; any other runs at the first.
 *
 * @throws ScheduleError (field `schedule_expr`), one issue for each field of the expression that is wrong, and for an
 *   expression that can never fire, for example 30 February.
 */
export function parseCron(expression: string, zone: Zone): TimeSchedule {
  const normalized = normalizeCron(expression);
  const fields = readCron(normalized);
  if ('issues' in fields) throw wrong('schedule_expr', ...fields.issues);
  const calendar = new CronCalendar(fields);
  if (calendar.next(0) === null) {
    throw wrong('schedule_expr', `\`${normalized}\` never fires: none of its months has such a day.`);
  }
  const { everyHour } = calendar;
  return {
    kind: 'cron',
    zone,
    repeats: everyHour,
    nextAfter: (after) => nextInstant(zone, calendar, after, everyHour),
    nextLocal: (afterWall) => calendar.next(afterWall),
    describe: () => describeCron(normalized),
  };
}
