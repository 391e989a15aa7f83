import type { MisfirePolicy, ScheduleKind } from '@ordinaut/contract';
import type { Enqueued, NewRun } from './run-queue.ts';

/** The tasks that have a fire time, and the one way to fire them. */
export interface TaskClock {
  /** The earliest fire time of all; null when no task has one. */
  earliest(): Promise<number | null>;
  /**
   * Takes due tasks, asks `plan` what each means, and in ONE transaction stores the runs and moves the tasks on. A task
   * that somebody changed or fired meanwhile is left out, so nothing fires twice on any number of processes.
   *
   * @returns the runs stored, and whether there may be more tasks due.
   */
  fire(now: number, limit: number, plan: (task: DueTask) => TaskPlan): Promise<{ runs: Enqueued[]; more: boolean }>;
}

export interface DueTask {
  readonly id: string;
  readonly scheduleKind: ScheduleKind;
  readonly scheduleExpr: string | null;
  readonly timezone: string;
  readonly dtstart: number | null;
  readonly priority: number;
  readonly dedupeKey: string | null;
  readonly dedupeWindowSeconds: number;
  readonly concurrencyKey: string | null;
  readonly misfirePolicy: MisfirePolicy;
  readonly misfireGraceSeconds: number;
  readonly revision: number;
  /** The fire time that has come. */
  readonly nextRunAt: number;
}

export interface TaskPlan {
  readonly taskId: string;
  /** The revision and the fire time this plan answers. */
  readonly revision: number;
  readonly nominal: number;
  /** The next fire time; null completes the task. */
  readonly next: number | null;
  readonly runs: readonly NewRun[];
}
