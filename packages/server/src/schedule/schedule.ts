import type { ScheduleKind } from '@ordinaut/contract';
import type { Zone } from './zone.ts';

/** What a task says about when it runs. */
export interface ScheduleSpec {
  readonly kind: ScheduleKind;
  readonly expr: string | null;
  readonly eventTopic: string | null;
  /** IANA name. */
  readonly timezone: string;
  /** First instant of an RRULE that does not say its own, epoch milliseconds: stored when the task is made. */
  readonly dtstart: number | null;
}

/** A schedule of instants. */
export interface TimeSchedule {
  readonly kind: 'cron' | 'rrule' | 'once';
  readonly zone: Zone;
  /** Whether a local time that occurs twice runs at both: see `nextInstant`. */
  readonly repeats: boolean;
  /** The first fire time strictly after an instant; null where none is left. Epoch milliseconds. */
  nextAfter(after: number): number | null;
  /** The first local time strictly after a wall: what the expression says before the zone has its word. */
  nextLocal(afterWall: number): number | null;
  /** The schedule in words, English. */
  describe(): string;
}

/** An event as schedules see it. */
export interface ScheduleEvent {
  readonly topic: string;
  readonly payload: unknown;
  readonly [field: string]: unknown;
}

/** What a condition says of an event; `error` is the sentence where it could not be evaluated, which counts as false. */
export interface Verdict {
  readonly matched: boolean;
  readonly error: string | null;
}

/** A schedule of events. */
export interface EventSchedule {
  readonly kind: 'event' | 'condition';
  readonly topic: string;
  /** The predicate of a condition. */
  readonly expression: string | null;
  /** Whether an event starts a run; a condition that fails to evaluate is false. */
  matches(event: ScheduleEvent): boolean;
  /** The same with the reason of a condition that could not be evaluated. */
  judge(event: ScheduleEvent): Verdict;
  /** The schedule in words, English. */
  describe(): string;
}
