import { notedBlock, runEvent } from '../../run-events.ts';
import type { ClaimedRun, Lease } from '../../run-queue.ts';
import type { SqlValue } from '../sql-value.ts';
import type { StatementCache } from '../statement-cache.ts';
import { noteEvents } from './events.ts';

const CLAIM = `UPDATE runs SET status = 'running', ready = 0, lease_id = ?, lease_owner = ?, fence = fence + 1,
    attempt = attempt + (begins_attempt = 1), begins_attempt = CASE WHEN begins_attempt = 1 THEN 0 ELSE 2 END,
    started_at = COALESCE(started_at, ?)
  WHERE rowid IN (SELECT rowid FROM runs WHERE ready = 1 ORDER BY priority, id LIMIT ?)
  RETURNING priority, id, task_id, revision, trigger, nominal_at, attempt, params, fence, reclaims, cancel_requested,
    started_at, concurrency_key, steps_done, chain, begins_attempt`;
const CHECKPOINTS = 'SELECT step FROM run_checkpoints WHERE run_id = ? ORDER BY seq';

/** Rows as lists, in the order of the statement, with the checkpoints of those that have any: half the cost of objects. */
export interface ClaimedRows {
  readonly rows: readonly SqlValue[][];
  readonly checkpoints: ReadonlyMap<string, readonly string[]>;
}

export function claimRuns(
  statements: StatementCache,
  { lease, limit, now }: { lease: Lease; limit: number; now: number },
): ClaimedRows {
  const rows = statements.lists(CLAIM).all(lease.id, lease.owner, now, limit) as unknown as SqlValue[][];
  const checkpoints = new Map<string, readonly string[]>();
  const started: string[] = [];
  for (const row of rows) {
    const id = String(row[1]);
    if (row[13] !== 0) checkpoints.set(id, checkpointsOf(statements, id));
    if (row[15] === 0) started.push(runEvent(id, row[2] as string, row[14] as number, `,"attempt":${row[6]}`));
  }
  if (started.length > 0) noteEvents(statements, [notedBlock('run.started', started, now)]);
  return { rows, checkpoints };
}

export const checkpointsOf = (statements: StatementCache, runId: string): string[] =>
  (statements.get(CHECKPOINTS).all(runId) as { step: string }[]).map((row) => row.step);

/** The rows as claimed runs, highest priority first, then the oldest: `RETURNING` promises no order. */
export function readClaimed({ rows, checkpoints }: ClaimedRows): ClaimedRun[] {
  const sorted = rows.toSorted((a, b) => Number(a[0]) - Number(b[0]) || (String(a[1]) < String(b[1]) ? -1 : 1));
  return sorted.map((row) => ({
    id: row[1] as string,
    taskId: row[2] as string,
    revision: row[3] as number,
    trigger: row[4] as ClaimedRun['trigger'],
    nominalAt: row[5] as number | null,
    attempt: row[6] as number,
    params: row[7] as string | null,
    fence: row[8] as number,
    reclaims: row[9] as number,
    cancelRequested: row[10] === 1,
    startedAt: row[11] as number,
    concurrencyKey: row[12] as string | null,
    chain: row[14] as number,
    checkpoints: checkpoints.get(row[1] as string) ?? [],
  }));
}
