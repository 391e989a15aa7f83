import { advanceTasks } from './commands/advance-tasks.ts';
import { decide } from './commands/approvals.ts';
import { cancelRun } from './commands/cancel.ts';
import { checkpointSteps } from './commands/checkpoint.ts';
import { claimRuns } from './commands/claim.ts';
import { enqueueRuns } from './commands/enqueue.ts';
import { appendEvents, outboxEvents, sequenceEvents, settleEvents } from './commands/events.ts';
import { reclaimAll } from './commands/reclaim.ts';
import { settleRuns } from './commands/settle.ts';
import { wakeRuns } from './commands/wake.ts';

/** What the storage thread does in one unit: synchronous functions over prepared statements, all or nothing each. */
export const commands = {
  enqueue: enqueueRuns,
  claim: claimRuns,
  checkpoint: checkpointSteps,
  settle: settleRuns,
  wake: wakeRuns,
  cancel: cancelRun,
  decide,
  reclaim: reclaimAll,
  advanceTasks,
  appendEvents,
  outboxEvents,
  sequenceEvents,
  settleEvents,
} as const;

export type Commands = typeof commands;
