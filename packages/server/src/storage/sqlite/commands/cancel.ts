import type { StatementCache } from '../statement-cache.ts';
import { checkpointsOf } from './claim.ts';
import { type Removed, recordEnding, storeTally } from './settle.ts';

const ASK = `UPDATE runs SET cancel_requested = 1 WHERE id = ? AND status = 'running'`;
const REMOVE = `DELETE FROM runs WHERE id = ? AND status <> 'running'
  RETURNING id, task_id, revision, trigger, nominal_at, priority, attempt, params, concurrency_key, retry_of, lease_owner,
    steps_done, created_at, started_at`;
const CANCELED = JSON.stringify({ code: 'canceled', message: 'The run was canceled.', step_id: null });

export function cancelRun(
  statements: StatementCache,
  { runId, now }: { runId: string; now: number },
): 'canceled' | 'requested' | null {
  if (statements.get(ASK).run(runId).changes === 1) return 'requested';
  const removed = statements.get(REMOVE).get(runId) as unknown as Removed | undefined;
  if (removed === undefined) return null;
  const steps = `[${removed.steps_done === 0 ? '' : checkpointsOf(statements, runId).join(',')}]`;
  const tallies: Parameters<typeof recordEnding>[3] = new Map();
  const ending = { status: 'canceled', error: CANCELED, output: null, steps, finishedAt: now } as const;
  recordEnding(statements, removed, ending, tallies);
  for (const tally of tallies.values()) storeTally(statements, tally);
  return 'canceled';
}
