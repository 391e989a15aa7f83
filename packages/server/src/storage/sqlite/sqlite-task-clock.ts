import type { DueTask, TaskClock } from '../due-tasks.ts';
import type { Signals } from '../signals.ts';
import type { SqliteThread } from './thread-client.ts';

const DUE = `SELECT id, schedule_kind AS scheduleKind, schedule_expr AS scheduleExpr, timezone, dtstart, priority,
    dedupe_key AS dedupeKey, dedupe_window_seconds AS dedupeWindowSeconds, concurrency_key AS concurrencyKey,
    misfire_policy AS misfirePolicy, misfire_grace_seconds AS misfireGraceSeconds, revision, next_run_at AS nextRunAt
  FROM tasks WHERE next_run_at <= ? ORDER BY next_run_at LIMIT ?`;

/** Due tasks on the storage thread: read, planned here, then moved on by compare-and-set. */
export function sqliteTaskClock(thread: SqliteThread, signals: Signals): TaskClock {
  return {
    async earliest() {
      const { rows } = await thread.query(
        'SELECT next_run_at FROM tasks WHERE next_run_at IS NOT NULL ORDER BY next_run_at LIMIT 1',
        [],
      );
      return rows[0] === undefined ? null : Number(rows[0].next_run_at);
    },
    async fire(now, limit, plan) {
      const { rows } = await thread.query(DUE, [now, limit]);
      if (rows.length === 0) return { runs: [], more: false };
      const plans = (rows as unknown as DueTask[]).map(plan);
      const runs = await thread.command('advanceTasks', { plans, now });
      if (runs.length > 0) signals.emit('runs');
      if (plans.some((each) => each.next === null)) signals.emit('noted');
      return { runs, more: rows.length === limit || plans.some((each) => each.next !== null && each.next <= now) };
    },
  };
}
