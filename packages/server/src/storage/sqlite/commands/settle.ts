import type { FinalRunStatus } from '@ordinaut/contract';
import { dayOf, type Settlement } from '../../run-queue.ts';
import type { StatementCache } from '../statement-cache.ts';
import { checkpointSteps } from './checkpoint.ts';

const REMOVE = `DELETE FROM runs WHERE id = ? AND fence = ? AND status = 'running'
  RETURNING id, task_id, revision, trigger, nominal_at, priority, attempt, params, concurrency_key, retry_of, lease_owner,
    steps_done, created_at, started_at`;
const RECORD = `INSERT INTO run_history (id, task_id, revision, status, trigger, nominal_at, priority, attempt, params,
    concurrency_key, retry_of, lease_owner, error, output, steps, created_at, started_at, finished_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const DROP_CHECKPOINTS = 'DELETE FROM run_checkpoints WHERE run_id = ?';
const COUNT = `INSERT INTO run_stats (task_id, day, succeeded, failed, canceled, duration_ms, last_success_at,
    last_failure_at, last_run_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (task_id, day) DO UPDATE SET
    succeeded = succeeded + excluded.succeeded, failed = failed + excluded.failed,
    canceled = canceled + excluded.canceled, duration_ms = duration_ms + excluded.duration_ms,
    last_success_at = COALESCE(MAX(last_success_at, excluded.last_success_at), last_success_at, excluded.last_success_at),
    last_failure_at = COALESCE(MAX(last_failure_at, excluded.last_failure_at), last_failure_at, excluded.last_failure_at),
    last_run_at = MAX(last_run_at, excluded.last_run_at)`;
const NEXT_IN_LINE = `UPDATE runs SET blocked = 0, ready = 1
  WHERE id = (SELECT id FROM runs WHERE concurrency_key = ? AND blocked = 1 ORDER BY priority, id LIMIT 1)
  RETURNING id`;
const PASS_LOCK = 'UPDATE concurrency_locks SET run_id = ? WHERE key = ?';
const FREE_LOCK = 'DELETE FROM concurrency_locks WHERE key = ?';
const FREE = 'lease_id = NULL, lease_owner = NULL, fence = fence + 1';
const OF_CLAIM = "WHERE id = ? AND fence = ? AND status = 'running'";
const RETRY = `UPDATE runs SET status = 'queued', wake_at = ?, error = ?, begins_attempt = 1, ${FREE} ${OF_CLAIM}`;
const PARK = `UPDATE runs SET status = 'waiting', wake_at = ?, ${FREE} ${OF_CLAIM}`;
const RELEASE = `UPDATE runs SET status = 'queued', ready = 1, ${FREE} ${OF_CLAIM}`;

/** A row taken out of the queue. */
export interface Removed {
  id: string;
  task_id: string;
  revision: number;
  trigger: string;
  nominal_at: number | null;
  priority: number;
  attempt: number;
  params: string | null;
  concurrency_key: string | null;
  retry_of: string | null;
  lease_owner: string | null;
  steps_done: number;
  created_at: number;
  started_at: number | null;
}

export interface Ending {
  readonly status: FinalRunStatus;
  readonly error: string | null;
  readonly output: string | null;
  readonly steps: string;
  readonly finishedAt: number;
}

interface Tally {
  taskId: string;
  day: number;
  succeeded: number;
  failed: number;
  canceled: number;
  durationMs: number;
  lastSuccessAt: number | null;
  lastFailureAt: number | null;
  lastRunAt: number;
}

export function settleRuns(statements: StatementCache, items: readonly Settlement[]): boolean[] {
  const tallies = new Map<string, Tally>();
  const answers = items.map((item) => settleRun(statements, item, tallies));
  for (const tally of tallies.values()) storeTally(statements, tally);
  return answers;
}

function settleRun(statements: StatementCache, item: Settlement, tallies: Map<string, Tally>): boolean {
  switch (item.kind) {
    case 'finish': {
      const removed = statements.get(REMOVE).get(item.runId, item.fence) as unknown as Removed | undefined;
      if (removed === undefined) return false;
      recordEnding(statements, removed, item, tallies);
      return true;
    }
    case 'retry':
      return statements.get(RETRY).run(item.wakeAt, item.error, item.runId, item.fence).changes === 1;
    case 'park':
      if (!checkpointSteps(statements, [item])[0]) return false;
      return statements.get(PARK).run(item.wakeAt, item.runId, item.fence).changes === 1;
    case 'release':
      return statements.get(RELEASE).run(item.runId, item.fence).changes === 1;
  }
}

/** Writes the record of a run that has left the queue, and passes its concurrency key on. */
export function recordEnding(
  statements: StatementCache,
  run: Removed,
  ending: Ending,
  tallies: Map<string, Tally>,
): void {
  statements
    .get(RECORD)
    .run(
      run.id,
      run.task_id,
      run.revision,
      ending.status,
      run.trigger,
      run.nominal_at,
      run.priority,
      run.attempt,
      run.params,
      run.concurrency_key,
      run.retry_of,
      run.lease_owner,
      ending.error,
      ending.output,
      ending.steps,
      run.created_at,
      run.started_at,
      ending.finishedAt,
    );
  if (run.steps_done > 0) statements.get(DROP_CHECKPOINTS).run(run.id);
  if (run.concurrency_key !== null) passKeyOn(statements, run.concurrency_key);
  addToTally(tallies, run, ending);
}

function passKeyOn(statements: StatementCache, key: string): void {
  const next = statements.get(NEXT_IN_LINE).get(key) as { id: string } | undefined;
  if (next === undefined) statements.get(FREE_LOCK).run(key);
  else statements.get(PASS_LOCK).run(next.id, key);
}

function addToTally(tallies: Map<string, Tally>, run: Removed, ending: Ending): void {
  const day = dayOf(ending.finishedAt);
  const name = `${run.task_id} ${day}`;
  let tally = tallies.get(name);
  if (tally === undefined) {
    tally = {
      taskId: run.task_id,
      day,
      succeeded: 0,
      failed: 0,
      canceled: 0,
      durationMs: 0,
      lastSuccessAt: null,
      lastFailureAt: null,
      lastRunAt: 0,
    };
    tallies.set(name, tally);
  }
  tally[ending.status] += 1;
  tally.lastRunAt = Math.max(tally.lastRunAt, ending.finishedAt);
  if (ending.status !== 'canceled')
    tally.durationMs += Math.max(0, ending.finishedAt - (run.started_at ?? ending.finishedAt));
  if (ending.status === 'succeeded') tally.lastSuccessAt = ending.finishedAt;
  if (ending.status === 'failed') tally.lastFailureAt = ending.finishedAt;
}

export function storeTally(statements: StatementCache, tally: Tally): void {
  statements
    .get(COUNT)
    .run(
      tally.taskId,
      tally.day,
      tally.succeeded,
      tally.failed,
      tally.canceled,
      tally.durationMs,
      tally.lastSuccessAt,
      tally.lastFailureAt,
      tally.lastRunAt,
    );
}
