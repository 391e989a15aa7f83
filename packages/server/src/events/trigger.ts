import type { NewRun } from '../storage/run-queue.ts';

/** An event as the tasks it may start see it. */
export interface TriggerEvent {
  readonly topic: string;
  readonly data: unknown;
  readonly source: string | null;
  readonly eventId: string;
  /** Epoch milliseconds. */
  readonly publishedAt: number;
  /** Runs started by events that led to it. */
  readonly chain: number;
}

/** A run that an event starts, without params: those of the run are the event. */
export interface StartedRun {
  readonly taskId: string;
  readonly run: NewRun;
  /** `params.event` of the run, but for its stream id. */
  readonly event: Readonly<Record<string, unknown>>;
}

/** The active tasks that events start, as they were at one version. */
export interface TriggerSet {
  readonly version: number;
  /** Whether an event of this topic may start a run. */
  watches(topic: string): boolean;
  /** Whether an event of a topic `family.<id>` may start a run; true also where that is not certain. */
  watchesFamily(family: string): boolean;
  runsOf(event: TriggerEvent): StartedRun[];
}

/** Knows which tasks events start. Given by the composition root: tasks stand above events. */
export interface EventTrigger {
  /** The tasks as far as they are known; read when they are not. */
  current(): Promise<TriggerSet>;
  /** Reads them again, because the version that is known is not the present one. */
  refresh(): Promise<TriggerSet>;
}
