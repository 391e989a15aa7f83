import type { Enqueued, NewRun } from '../../run-queue.ts';
import type { StatementCache } from '../statement-cache.ts';

const INSERT = `INSERT INTO runs (id, task_id, revision, status, trigger, nominal_at, priority, params, concurrency_key,
    retry_of, ready, blocked, steps_done, created_at, chain)
  VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const OPEN_WINDOW = `INSERT INTO dedupe_windows (key, run_id, expires_at) VALUES (?, ?, ?)
  ON CONFLICT (key) DO UPDATE SET run_id = excluded.run_id, expires_at = excluded.expires_at WHERE expires_at <= ?
  RETURNING run_id`;
const READ_WINDOW = 'SELECT run_id FROM dedupe_windows WHERE key = ?';
const TAKE_LOCK = 'INSERT INTO concurrency_locks (key, run_id) VALUES (?, ?) ON CONFLICT (key) DO NOTHING';
const SAME_NOMINAL = "SELECT id FROM runs WHERE task_id = ? AND nominal_at = ? AND trigger = 'schedule'";
export const INSERT_CHECKPOINT = 'INSERT INTO run_checkpoints (run_id, seq, step) VALUES (?, ?, ?)';

export function enqueueRuns(statements: StatementCache, runs: readonly NewRun[]): Enqueued[] {
  return runs.map((run) => enqueueRun(statements, run));
}

function enqueueRun(statements: StatementCache, run: NewRun): Enqueued {
  if (run.trigger === 'schedule' && run.nominalAt !== null) {
    const same = statements.get(SAME_NOMINAL).get(run.taskId, run.nominalAt) as { id: string } | undefined;
    if (same !== undefined) return { id: same.id, deduplicated: true };
  }
  if (run.dedupe !== null) {
    const { key, windowMs } = run.dedupe;
    const opened = statements.get(OPEN_WINDOW).get(key, run.id, run.createdAt + windowMs, run.createdAt);
    if (opened === undefined) {
      return { id: (statements.get(READ_WINDOW).get(key) as { run_id: string }).run_id, deduplicated: true };
    }
  }
  const key = run.concurrencyKey;
  const ready = key === null || statements.get(TAKE_LOCK).run(key, run.id).changes === 1 ? 1 : 0;
  statements
    .get(INSERT)
    .run(
      run.id,
      run.taskId,
      run.revision,
      run.trigger,
      run.nominalAt,
      run.priority,
      run.params,
      key,
      run.retryOf,
      ready,
      1 - ready,
      run.checkpoints.length,
      run.createdAt,
      run.chain ?? 0,
    );
  for (const [seq, step] of run.checkpoints.entries()) statements.get(INSERT_CHECKPOINT).run(run.id, seq, step);
  return { id: run.id, deduplicated: false };
}
