import { toIso } from '../../../kernel/clock.ts';
import { pendingRow } from '../../approval-row.ts';
import { runEvent, topicOfEnd } from '../../run-events.ts';
import type { Settlement } from '../../run-queue.ts';
import type { SqlValue } from '../sql-value.ts';
import type { StatementCache } from '../statement-cache.ts';
import { askFor } from './approvals.ts';
import { checkpointSteps } from './checkpoint.ts';
import { type Ending, unpackEndings } from './ending.ts';
import { RunEvents } from './run-events.ts';
import { Tallies } from './tallies.ts';

// Moved inside SQLite: fetching the row and binding it again costs twice the time (29,000 against 50,000 runs a second).
const RECORD = `INSERT INTO run_history (id, task_id, revision, status, trigger, nominal_at, priority, attempt, params,
    concurrency_key, retry_of, lease_owner, error, output, steps, created_at, started_at, finished_at)
  SELECT id, task_id, revision, ?, trigger, nominal_at, priority, attempt, params, concurrency_key, retry_of, lease_owner,
    ?, ?, ?, created_at, started_at, ?
  FROM runs WHERE id = ? AND fence = ?`;
const REMOVE = 'DELETE FROM runs WHERE id = ?';
const DROP_CHECKPOINTS = 'DELETE FROM run_checkpoints WHERE run_id = ?';
const NEXT_IN_LINE = `UPDATE runs SET blocked = 0, ready = 1
  WHERE id = (SELECT id FROM runs WHERE concurrency_key = ? AND blocked = 1 ORDER BY priority, id LIMIT 1)
    AND EXISTS (SELECT 1 FROM concurrency_locks WHERE key = ? AND run_id = ?)
  RETURNING id`;
const PASS_LOCK = 'UPDATE concurrency_locks SET run_id = ? WHERE key = ?';
const FREE_LOCK = 'DELETE FROM concurrency_locks WHERE key = ? AND run_id = ?';
const FREE = 'lease_id = NULL, lease_owner = NULL, fence = fence + 1';
const OF_CLAIM = "WHERE id = ? AND fence = ? AND status = 'running'";
// Whom somebody wants to end does not wait: the next claim ends it.
const WAIT = 'wake_at = CASE WHEN cancel_requested = 1 THEN NULL ELSE ? END, ready = cancel_requested';
const WAITS = 'RETURNING task_id, attempt, chain, ready';
const RETRY = `UPDATE runs SET status = 'queued', ${WAIT}, error = ?, begins_attempt = 1, ${FREE} ${OF_CLAIM} ${WAITS}`;
const PARK = `UPDATE runs SET status = CASE WHEN cancel_requested = 1 THEN 'queued' ELSE 'waiting' END, ${WAIT}, ${FREE}
  ${OF_CLAIM} ${WAITS}`;
const RELEASE = `UPDATE runs SET status = 'queued', ready = 1, ${FREE} ${OF_CLAIM}`;

export interface SettleInput {
  /** See `packEndings`. */
  readonly endings: readonly SqlValue[];
  readonly others: readonly Exclude<Settlement, { kind: 'finish' }>[];
  readonly now: number;
}

/** Answers for the endings first, then for the others. */
export function settleRuns(statements: StatementCache, { endings, others, now }: SettleInput): boolean[] {
  const tallies = new Tallies();
  const told = new RunEvents();
  const answers: boolean[] = [];
  for (const ending of unpackEndings(endings)) answers.push(endRun(statements, ending, tallies, told));
  for (const item of others) answers.push(putBack(statements, item, told));
  tallies.store(statements);
  told.note(statements, now);
  return answers;
}

interface Waiting {
  readonly task_id: string;
  readonly attempt: number;
  readonly chain: number;
  /** 1: somebody wants to end it, so it does not wait. */
  readonly ready: number;
}

function putBack(statements: StatementCache, item: SettleInput['others'][number], told: RunEvents): boolean {
  const { runId, fence } = item;
  switch (item.kind) {
    case 'retry': {
      const put = statements.get(RETRY).get(item.wakeAt, item.error, runId, fence) as Waiting | undefined;
      if (put?.ready === 0) {
        const more = `,"attempt":${put.attempt},"wake_at":"${toIso(item.wakeAt)}"`;
        told.add('run.retrying', runEvent(runId, put.task_id, put.chain, more));
      }
      return put !== undefined;
    }
    case 'park': {
      if (!checkpointSteps(statements, [item])[0]) return false;
      const put = statements.get(PARK).get(item.wakeAt, runId, fence) as Waiting | undefined;
      if (put?.ready === 0) {
        const more = `,"wake_at":"${toIso(item.wakeAt)}"`;
        told.add('run.waiting', runEvent(runId, put.task_id, put.chain, more));
        if (item.asks) askFor(statements, pendingRow(item.asks, { runId, ...put }), told);
      }
      return put !== undefined;
    }
    case 'release':
      return statements.get(RELEASE).run(runId, fence).changes === 1;
  }
}

/** Moves a run from the queue to the history, and passes its concurrency key on. False: the fence is stale. */
export function endRun(statements: StatementCache, ending: Ending, tallies: Tallies, told: RunEvents): boolean {
  if (!move(statements, ending)) return false;
  const { runId } = ending;
  if (ending.checkpointed) statements.get(DROP_CHECKPOINTS).run(runId);
  if (ending.concurrencyKey !== null) passKeyOn(statements, ending.concurrencyKey, runId);
  tallies.add(ending);
  told.add(topicOfEnd[ending.status], runEvent(runId, ending.taskId, ending.chain ?? 0));
  return true;
}

function move(statements: StatementCache, { runId, fence, status, error, output, steps, finishedAt }: Ending): boolean {
  const moved = statements.get(RECORD).run(status, error, output, steps, finishedAt, runId, fence).changes;
  return moved === 1 && statements.get(REMOVE).run(runId).changes === 1;
}

/** Gives the key of a run to the next in line; a run that was itself waiting for the key has nothing to give. */
function passKeyOn(statements: StatementCache, key: string, holder: string): void {
  const next = statements.get(NEXT_IN_LINE).get(key, key, holder) as { id: string } | undefined;
  if (next === undefined) statements.get(FREE_LOCK).run(key, holder);
  else statements.get(PASS_LOCK).run(next.id, key);
}
