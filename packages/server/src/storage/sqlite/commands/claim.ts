import type { ClaimedRun, Lease } from '../../run-queue.ts';
import type { StatementCache } from '../statement-cache.ts';

const CLAIM = `UPDATE runs SET status = 'running', ready = 0, lease_id = ?, lease_owner = ?, fence = fence + 1,
    attempt = attempt + begins_attempt, begins_attempt = 0, started_at = COALESCE(started_at, ?)
  WHERE id IN (SELECT id FROM runs WHERE ready = 1 ORDER BY priority, id LIMIT ?)
  RETURNING id, task_id, revision, trigger, nominal_at, attempt, params, fence, reclaims, cancel_requested, started_at,
    concurrency_key, steps_done, priority`;
const CHECKPOINTS = 'SELECT step FROM run_checkpoints WHERE run_id = ? ORDER BY seq';

interface Row extends Record<string, unknown> {
  id: string;
  task_id: string;
  revision: number;
  trigger: ClaimedRun['trigger'];
  nominal_at: number | null;
  attempt: number;
  params: string | null;
  fence: number;
  reclaims: number;
  cancel_requested: number;
  started_at: number;
  concurrency_key: string | null;
  steps_done: number;
  priority: number;
}

export function claimRuns(
  statements: StatementCache,
  { lease, limit, now }: { lease: Lease; limit: number; now: number },
): ClaimedRun[] {
  const rows = statements.get(CLAIM).all(lease.id, lease.owner, now, limit) as Row[];
  // UPDATE … RETURNING gives rows in no promised order.
  rows.sort((a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1));
  return rows.map((row) => ({
    id: row.id,
    taskId: row.task_id,
    revision: row.revision,
    trigger: row.trigger,
    nominalAt: row.nominal_at,
    attempt: row.attempt,
    params: row.params,
    fence: row.fence,
    reclaims: row.reclaims,
    cancelRequested: row.cancel_requested === 1,
    startedAt: row.started_at,
    concurrencyKey: row.concurrency_key,
    checkpoints: row.steps_done === 0 ? [] : checkpointsOf(statements, row.id),
  }));
}

export const checkpointsOf = (statements: StatementCache, runId: string): string[] =>
  (statements.get(CHECKPOINTS).all(runId) as { step: string }[]).map((row) => row.step);
