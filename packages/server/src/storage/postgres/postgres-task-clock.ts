import type pg from 'pg';
import { newId } from '../../kernel/ids.ts';
import type { DueTask, TaskClock } from '../due-tasks.ts';
import { taskEvent } from '../run-events.ts';
import type { Signals } from '../signals.ts';
import { enqueueRuns } from './enqueue.ts';
import { guarded, inTransaction } from './pool.ts';
import { NOTE } from './run-event-sql.ts';

const EARLIEST = 'SELECT min(next_run_at) AS at FROM tasks WHERE next_run_at IS NOT NULL';
const DUE = `SELECT id, schedule_kind AS "scheduleKind", schedule_expr AS "scheduleExpr", timezone, dtstart, priority,
    dedupe_key AS "dedupeKey", dedupe_window_seconds AS "dedupeWindowSeconds", concurrency_key AS "concurrencyKey",
    misfire_policy AS "misfirePolicy", misfire_grace_seconds AS "misfireGraceSeconds", revision,
    next_run_at AS "nextRunAt"
  FROM tasks WHERE next_run_at <= $1 ORDER BY next_run_at LIMIT $2 FOR UPDATE SKIP LOCKED`;
const ADVANCE = `UPDATE tasks t SET next_run_at = plan.next,
    status = CASE WHEN plan.next IS NULL THEN 'completed' ELSE t.status END,
    updated_at = CASE WHEN plan.next IS NULL THEN $3 ELSE t.updated_at END
  FROM unnest($1::uuid[], $2::bigint[]) AS plan (id, next) WHERE t.id = plan.id`;

/** Due tasks on PostgreSQL: a process locks the rows it plans, others pass them by. */
export function postgresTaskClock(pool: pg.Pool, signals: Signals): TaskClock {
  return {
    earliest: () => guarded(async () => (await pool.query<{ at: number | null }>(EARLIEST)).rows[0]?.at ?? null),
    async fire(now, limit, plan) {
      const fired = await inTransaction(pool, async (client) => {
        const { rows } = await client.query<DueTask>({ name: 'tasks-due', text: DUE, values: [now, limit] });
        if (rows.length === 0) return { runs: [], more: false };
        const plans = rows.map(plan);
        await client.query(ADVANCE, [plans.map((each) => each.taskId), plans.map((each) => each.next), now]);
        const completed = plans.filter((each) => each.next === null).map((each) => taskEvent(each.taskId));
        if (completed.length > 0) {
          await client.query(NOTE, [newId(), 'task.completed', `[${completed.join(',')}]`, completed.length, now]);
        }
        const runs = await enqueueRuns(
          client,
          plans.flatMap((each) => each.runs),
        );
        return { runs, more: rows.length === limit || plans.some((each) => each.next !== null && each.next <= now) };
      });
      if (fired.runs.length > 0) signals.emit('runs');
      signals.emit('noted');
      return fired;
    },
  };
}
