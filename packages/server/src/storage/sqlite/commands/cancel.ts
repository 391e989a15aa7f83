import { CANCELED } from '../../run-queue.ts';
import type { StatementCache } from '../statement-cache.ts';
import { cancelApprovals } from './approvals.ts';
import { checkpointsOf } from './claim.ts';
import { RunEvents } from './run-events.ts';
import { endRun } from './settle.ts';
import { Tallies } from './tallies.ts';

const ASK = `UPDATE runs SET cancel_requested = 1 WHERE id = ? AND status = 'running'`;
const FIND = 'SELECT task_id, fence, started_at, concurrency_key, steps_done, chain FROM runs WHERE id = ?';

interface Found {
  task_id: string;
  fence: number;
  started_at: number | null;
  concurrency_key: string | null;
  steps_done: number;
  chain: number;
}

export function cancelRun(
  statements: StatementCache,
  { runId, now }: { runId: string; now: number },
): 'canceled' | 'requested' | null {
  if (statements.get(ASK).run(runId).changes === 1) return 'requested';
  const found = statements.get(FIND).get(runId) as unknown as Found | undefined;
  if (found === undefined) return null;
  const tallies = new Tallies();
  const told = new RunEvents();
  endRun(
    statements,
    {
      runId,
      fence: found.fence,
      status: 'canceled',
      error: JSON.stringify(CANCELED),
      output: null,
      steps: `[${found.steps_done === 0 ? '' : checkpointsOf(statements, runId).join(',')}]`,
      finishedAt: now,
      taskId: found.task_id,
      startedAt: found.started_at,
      concurrencyKey: found.concurrency_key,
      checkpointed: found.steps_done > 0,
      chain: found.chain,
    },
    tallies,
    told,
  );
  cancelApprovals(statements, runId, now, told);
  tallies.store(statements);
  told.note(statements, now);
  return 'canceled';
}
