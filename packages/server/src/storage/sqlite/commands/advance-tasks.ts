import type { TaskPlan } from '../../due-tasks.ts';
import { notedBlock, taskEvent } from '../../run-events.ts';
import type { Enqueued } from '../../run-queue.ts';
import type { StatementCache } from '../statement-cache.ts';
import { enqueueRuns } from './enqueue.ts';
import { noteEvents } from './events.ts';

const ADVANCE = `UPDATE tasks SET next_run_at = ?1, status = CASE WHEN ?1 IS NULL THEN 'completed' ELSE status END,
    updated_at = CASE WHEN ?1 IS NULL THEN ?4 ELSE updated_at END
  WHERE id = ?2 AND next_run_at = ?3 AND revision = ?5`;

/** Moves tasks to their next fire time and stores their runs; a task that is no longer where its plan left it is skipped. */
export function advanceTasks(
  statements: StatementCache,
  { plans, now }: { plans: readonly TaskPlan[]; now: number },
): Enqueued[] {
  const completed: string[] = [];
  const runs = plans.flatMap((plan) => {
    const moved = statements.get(ADVANCE).run(plan.next, plan.taskId, plan.nominal, now, plan.revision).changes;
    if (moved === 1 && plan.next === null) completed.push(taskEvent(plan.taskId));
    return moved === 1 ? enqueueRuns(statements, plan.runs) : [];
  });
  if (completed.length > 0) noteEvents(statements, [notedBlock('task.completed', completed, now)]);
  return runs;
}
