import type { FieldIssue } from '@ordinaut/contract';
import { LRUCache } from 'lru-cache';
import { parseCron } from './cron.ts';
import { conditionOf, parseEvent, parsePredicate } from './event.ts';
import { parseOnce } from './once.ts';
import { parseRrule } from './rrule.ts';
import type { EventSchedule, ScheduleSpec, TimeSchedule } from './schedule.ts';
import { ScheduleError, wrong } from './schedule-error.ts';
import { type Zone, zoneOf } from './zone.ts';

export { onceIsPast } from './once.ts';
export type { EventSchedule, ScheduleEvent, ScheduleSpec, TimeSchedule, Verdict } from './schedule.ts';
export { ScheduleError } from './schedule-error.ts';

/** The scheduler parses the same expressions again and again; a parsed one takes 1–3 KB. */
const cache = new LRUCache<string, TimeSchedule | EventSchedule>({ max: 10_000 });

/**
 * What a schedule means. Results are cached by their spec.
 *
 * `cron`, `rrule` and `once` need `expr`; `event` needs `eventTopic`; `condition` needs both. See `parseCron`,
 * `parseRrule`, `parseOnce`, `compileTopicGlob` and `compileExpression` for the languages.
 *
 * @example parseSchedule({ kind: 'cron', expr: '0 8 * * MON-FRI', eventTopic: null, timezone: 'Europe/Berlin', dtstart: null })
 * @throws ScheduleError with every field that is wrong: `schedule_expr`, `event_topic`, `timezone`, `dtstart`.
 */
export function parseSchedule(spec: ScheduleSpec & { kind: 'cron' | 'rrule' | 'once' }): TimeSchedule;
export function parseSchedule(spec: ScheduleSpec & { kind: 'event' | 'condition' }): EventSchedule;
export function parseSchedule(spec: ScheduleSpec): TimeSchedule | EventSchedule;
export function parseSchedule(spec: ScheduleSpec): TimeSchedule | EventSchedule {
  const key = JSON.stringify([spec.kind, spec.expr, spec.eventTopic, spec.timezone, spec.dtstart]);
  const known = cache.get(key);
  if (known) return known;
  const parsed = parse(spec);
  cache.set(key, parsed);
  return parsed;
}

/** Whether a schedule fires at instants, not on events. */
export const isTimeSchedule = (schedule: TimeSchedule | EventSchedule): schedule is TimeSchedule =>
  schedule.kind === 'cron' || schedule.kind === 'rrule' || schedule.kind === 'once';

function parse(spec: ScheduleSpec): TimeSchedule | EventSchedule {
  const issues: FieldIssue[] = [];
  const zone = collect(issues, () => zoneOf(spec.timezone));
  const parsed =
    spec.kind === 'event' || spec.kind === 'condition' ? parseTopic(spec, issues) : parseTime(spec, zone, issues);
  if (issues.length > 0 || parsed === null) throw new ScheduleError(issues);
  return parsed;
}

function parseTime(spec: ScheduleSpec, zone: Zone | null, issues: FieldIssue[]): TimeSchedule | null {
  const expression = spec.expr;
  if (expression === null || expression.trim() === '') {
    issues.push({ field: 'schedule_expr', issue: `is missing; \`${spec.kind}\` needs one.` });
    return null;
  }
  // With a zone that is wrong the expression is still checked, so that both are told at once.
  const known = zone ?? zoneOf('UTC');
  return collect(issues, () => {
    if (spec.kind === 'cron') return parseCron(expression, known);
    return spec.kind === 'rrule' ? parseRrule(expression, known, spec.dtstart) : parseOnce(expression, known);
  });
}

function parseTopic(spec: ScheduleSpec, issues: FieldIssue[]): EventSchedule | null {
  const { kind, expr, eventTopic } = spec;
  const event = collect(issues, () => {
    if (eventTopic === null)
      throw wrong('event_topic', `is missing; \`${kind}\` needs one, for example run.failed or \`**\`.`);
    return parseEvent(eventTopic);
  });
  if (kind === 'event') return event;
  const predicate = collect(issues, () => {
    if (expr === null)
      throw wrong('schedule_expr', 'is missing; `condition` needs one, for example payload.level > 3.');
    return parsePredicate(expr);
  });
  return event && predicate && conditionOf(event, expr ?? '', predicate);
}

function collect<T>(issues: FieldIssue[], read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    issues.push(...error.issues);
    return null;
  }
}
