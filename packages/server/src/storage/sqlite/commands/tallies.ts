import { dayOf } from '../../run-queue.ts';
import type { StatementCache } from '../statement-cache.ts';
import type { Ending } from './ending.ts';

const COUNT = `INSERT INTO run_stats (task_id, day, succeeded, failed, canceled, duration_ms, last_success_at,
    last_failure_at, last_run_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (task_id, day) DO UPDATE SET
    succeeded = succeeded + excluded.succeeded, failed = failed + excluded.failed,
    canceled = canceled + excluded.canceled, duration_ms = duration_ms + excluded.duration_ms,
    last_success_at = COALESCE(MAX(last_success_at, excluded.last_success_at), last_success_at, excluded.last_success_at),
    last_failure_at = COALESCE(MAX(last_failure_at, excluded.last_failure_at), last_failure_at, excluded.last_failure_at),
    last_run_at = MAX(last_run_at, excluded.last_run_at)`;

interface Tally {
  readonly taskId: string;
  readonly day: number;
  succeeded: number;
  failed: number;
  canceled: number;
  durationMs: number;
  lastSuccessAt: number | null;
  lastFailureAt: number | null;
  lastRunAt: number;
}

/** Counts the ends of a batch by task and day, so that the statistics are written once for each and not for every run. */
export class Tallies {
  readonly #tallies = new Map<string, Tally>();
  #last: Tally | null = null;

  add({ taskId, status, startedAt, finishedAt }: Ending): void {
    const day = dayOf(finishedAt);
    const tally = this.#last?.taskId === taskId && this.#last.day === day ? this.#last : this.#find(taskId, day);
    this.#last = tally;
    tally[status] += 1;
    tally.lastRunAt = Math.max(tally.lastRunAt, finishedAt);
    if (status !== 'canceled') tally.durationMs += Math.max(0, finishedAt - (startedAt ?? finishedAt));
    if (status === 'succeeded') tally.lastSuccessAt = finishedAt;
    if (status === 'failed') tally.lastFailureAt = finishedAt;
  }

  store(statements: StatementCache): void {
    for (const tally of this.#tallies.values()) {
      const { taskId, day, succeeded, failed, canceled, durationMs, lastSuccessAt, lastFailureAt, lastRunAt } = tally;
      statements
        .get(COUNT)
        .run(taskId, day, succeeded, failed, canceled, durationMs, lastSuccessAt, lastFailureAt, lastRunAt);
    }
  }

  #find(taskId: string, day: number): Tally {
    const name = `${taskId} ${day}`;
    let tally = this.#tallies.get(name);
    if (tally === undefined) {
      const nothing = { succeeded: 0, failed: 0, canceled: 0, durationMs: 0 };
      tally = { taskId, day, ...nothing, lastSuccessAt: null, lastFailureAt: null, lastRunAt: 0 };
      this.#tallies.set(name, tally);
    }
    return tally;
  }
}
