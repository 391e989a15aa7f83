import type { Checkpoint } from '../../run-queue.ts';
import type { StatementCache } from '../statement-cache.ts';

const COUNT = `UPDATE runs SET steps_done = MAX(steps_done, ? + 1) WHERE id = ? AND fence = ? AND status = 'running'`;
const STORE = `INSERT INTO run_checkpoints (run_id, seq, step) VALUES (?, ?, ?)
  ON CONFLICT (run_id, seq) DO UPDATE SET step = excluded.step`;

export function checkpointSteps(statements: StatementCache, items: readonly Checkpoint[]): boolean[] {
  return items.map(({ runId, fence, seq, step }) => {
    if (statements.get(COUNT).run(seq, runId, fence).changes === 0) return false;
    statements.get(STORE).run(runId, seq, step);
    return true;
  });
}
