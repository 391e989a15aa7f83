import { messageOf } from '../kernel/errors.ts';
import { describeRrule } from './describe.ts';
import { type LocalTimes, nextInstant } from './local-times.ts';
import { RruleCalendar } from './rrule-calendar.ts';
import { type DateLine, readRrule } from './rrule-syntax.ts';
import type { TimeSchedule } from './schedule.ts';
import { ScheduleError, wrong } from './schedule-error.ts';
import { type Zone, zoneOf } from './zone.ts';

/**
 * A recurrence rule of RFC 5545.
 *
 * - DTSTART comes from the text, else from `dtstart` (truncated to the second); what the rule does not say (time of day,
 *   weekday, day of month) is taken from it. It is an occurrence only where the rule matches it. The zone of its TZID is
 *   the zone of the rule; without one that is `zone`.
 * - UNTIL with `Z` is an instant; without, a local time; a date means the whole of that day. EXDATE and RDATE likewise (an
 *   EXDATE of a date takes out the day, an RDATE of a date is its midnight). COUNT counts local times, before EXDATE.
 * - Daylight saving time: see `nextInstant`; the rule is a rule of local times, also HOURLY with an INTERVAL. A rule with
 *   steps of an hour or less and neither BYHOUR nor COUNT follows real time through the hour that occurs twice.
 *
 * @throws ScheduleError (fields `schedule_expr`, `dtstart`): a line or part that is wrong, one issue each; a rule that has
 *   no occurrence within 40 years or some thousand periods of its DTSTART (a bounded search: it cannot hang).
 */
export function parseRrule(text: string, taskZone: Zone, dtstart: number | null): TimeSchedule {
  const read = readRrule(text);
  const issues = [...read.issues];
  const zone = read.dtstart?.tzid ? (attempt(issues, () => zoneOf(read.dtstart?.tzid ?? '')) ?? taskZone) : taskZone;
  const dates = (name: string, lines: readonly DateLine[]): Moment[] =>
    lines.map((line) => attempt(issues, () => momentOf(name, line, zone))).filter((moment) => moment !== null);

  const [given] = dates('DTSTART', read.dtstart ? [read.dtstart] : []);
  const untilText = read.parts.get('UNTIL');
  const [until] = dates('UNTIL', untilText === undefined ? [] : [{ value: untilText, tzid: null }]);
  const excluded = dates('EXDATE', read.exdates);
  const added = dates('RDATE', read.rdates);
  // An unknown zone is met by each line that names it.
  if (issues.length > 0) throw wrong('schedule_expr', ...new Set(issues));
  if (!read.dtstart && dtstart === null) {
    throw wrong(
      'dtstart',
      'is missing; an RRULE counts from its DTSTART: give it here or as a line of the expression.',
    );
  }

  const start = given?.wall ?? zone.wallAt(Math.floor((dtstart ?? 0) / 1000) * 1000);
  const calendar = attempt(issues, () => new RruleCalendar(read.parts, start));
  if (calendar === null) throw wrong('schedule_expr', ...issues);
  const local = within(calendar, until, excluded);
  const lastInstant = until?.fixed ? until.instant : Number.POSITIVE_INFINITY;
  const instants = new Set(excluded.filter(({ fixed }) => fixed).map(({ instant }) => instant));
  const repeats = followsRealTime(read.parts);

  const nextOfRule = (after: number): number | null => {
    let next = nextInstant(zone, local, after, repeats);
    while (next !== null && instants.has(next)) next = nextInstant(zone, local, next, repeats);
    return next === null || next > lastInstant ? null : next;
  };
  const extra = added
    .filter(({ wall, instant }) => !instants.has(instant) && !isIn(excluded, wall))
    .map(({ instant }) => instant)
    .sort((a, b) => a - b);
  const schedule: TimeSchedule = {
    kind: 'rrule',
    zone,
    repeats,
    nextAfter: (after) => earlier(nextOfRule(after), extra.find((instant) => instant > after) ?? null),
    nextLocal: (afterWall) => local.next(afterWall),
    describe: () => describeRrule(read.parts, start, until?.wall ?? null),
  };
  if (schedule.nextAfter(zone.instantOf(start) - 1) === null && extra.length === 0) {
    throw wrong(
      'schedule_expr',
      `\`${text.trim()}\` never fires: it has no occurrence from ${zone.show(zone.instantOf(start))} on.`,
    );
  }
  return schedule;
}

/** A point in time as the text gives it: an instant (`fixed`), a local time, or a whole local day. */
interface Moment {
  readonly fixed: boolean;
  readonly wall: number;
  readonly instant: number;
  /** Last wall of it: the same as `wall` but for a day. */
  readonly lastWall: number;
}

function momentOf(name: string, { value, tzid }: DateLine, zone: Zone): Moment {
  const match = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?$/.exec(value);
  const [, year, month, day, hour = '00', minute = '00', second = '00', utc] = match ?? [];
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const parsed = Date.parse(`${iso}Z`);
  // The engine rolls 30 February over; what it prints then is another day.
  if (match === null || Number.isNaN(parsed) || !new Date(parsed).toISOString().startsWith(iso)) {
    throw wrong('schedule_expr', `has ${name} \`${value}\`; write 20261231T083000, 20261231T083000Z or 20261231.`);
  }
  if (utc === 'Z') return { fixed: true, wall: zone.wallAt(parsed), instant: parsed, lastWall: zone.wallAt(parsed) };
  const own = tzid === null ? zone : zoneOf(tzid);
  const instant = own.instantOf(parsed);
  if (own !== zone) return { fixed: true, wall: zone.wallAt(instant), instant, lastWall: zone.wallAt(instant) };
  return { fixed: false, wall: parsed, instant, lastWall: utc === undefined ? parsed + 86_399_999 : parsed };
}

/** The local times up to a local UNTIL and without local EXDATEs. */
function within(calendar: LocalTimes, until: Moment | undefined, excluded: readonly Moment[]): LocalTimes {
  // An instant is compared as an instant, later; a day past it no local time can come before it any more.
  const last = until === undefined ? Infinity : until.fixed ? until.wall + 2 * 86_400_000 : until.lastWall;
  return {
    next: (afterWall) => {
      if (afterWall >= last) return null;
      let wall = calendar.next(afterWall);
      while (wall !== null && wall <= last) {
        const end = lastWallOf(excluded, wall);
        if (end === null) break;
        // Past the whole of an excluded day at once: a rule of every second has 86,400 times in it.
        wall = calendar.next(end);
      }
      return wall === null || wall > last ? null : wall;
    },
  };
}

/** The last wall of the local time or day that a wall lies in; null: in none. Instants are compared as instants, elsewhere. */
const lastWallOf = (moments: readonly Moment[], wall: number): number | null =>
  moments.find((moment) => !moment.fixed && wall >= moment.wall && wall <= moment.lastWall)?.lastWall ?? null;

const isIn = (moments: readonly Moment[], wall: number): boolean => lastWallOf(moments, wall) !== null;

function followsRealTime(parts: ReadonlyMap<string, string>): boolean {
  const seconds = { HOURLY: 3600, MINUTELY: 60, SECONDLY: 1 }[parts.get('FREQ') ?? ''];
  if (seconds === undefined || parts.has('BYHOUR') || parts.has('COUNT')) return false;
  return seconds * Number(parts.get('INTERVAL') ?? 1) <= 3600;
}

const earlier = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.min(a, b);

/** The value, or null with the sentences of the error kept. */
function attempt<T>(issues: string[], read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof ScheduleError) issues.push(...error.issues.map(({ issue }) => issue));
    else issues.push(messageOf(error));
    return null;
  }
}
