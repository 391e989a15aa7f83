import type { Settlement } from '../../run-queue.ts';
import type { SqlValue } from '../sql-value.ts';
import type { StatementCache } from '../statement-cache.ts';
import { checkpointSteps } from './checkpoint.ts';
import { type Ending, unpackEndings } from './ending.ts';
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
const RETRY = `UPDATE runs SET status = 'queued', ${WAIT}, error = ?, begins_attempt = 1, ${FREE} ${OF_CLAIM}`;
const PARK = `UPDATE runs SET status = CASE WHEN cancel_requested = 1 THEN 'queued' ELSE 'waiting' END, ${WAIT}, ${FREE}
  ${OF_CLAIM}`;
const RELEASE = `UPDATE runs SET status = 'queued', ready = 1, ${FREE} ${OF_CLAIM}`;

export interface SettleInput {
  /** See `packEndings`. */
  readonly endings: readonly SqlValue[];
  readonly others: readonly Exclude<Settlement, { kind: 'finish' }>[];
}

/** Answers for the endings first, then for the others. */
export function settleRuns(statements: StatementCache, { endings, others }: SettleInput): boolean[] {
  const tallies = new Tallies();
  const answers: boolean[] = [];
  for (const ending of unpackEndings(endings)) answers.push(endRun(statements, ending, tallies));
  for (const item of others) answers.push(putBack(statements, item));
  tallies.store(statements);
  return answers;
}

function putBack(statements: StatementCache, item: SettleInput['others'][number]): boolean {
  switch (item.kind) {
    case 'retry':
      return statements.get(RETRY).run(item.wakeAt, item.error, item.runId, item.fence).changes === 1;
    case 'park':
      if (!checkpointSteps(statements, [item])[0]) return false;
      return statements.get(PARK).run(item.wakeAt, item.runId, item.fence).changes === 1;
    case 'release':
      return statements.get(RELEASE).run(item.runId, item.fence).changes === 1;
  }
}

/** Moves a run from the queue to the history, and passes its concurrency key on. False: the fence is stale. */
export function endRun(statements: StatementCache, ending: Ending, tallies: Tallies): boolean {
  if (!move(statements, ending)) return false;
  const { runId } = ending;
  if (ending.checkpointed) statements.get(DROP_CHECKPOINTS).run(runId);
  if (ending.concurrencyKey !== null) passKeyOn(statements, ending.concurrencyKey, runId);
  tallies.add(ending);
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
