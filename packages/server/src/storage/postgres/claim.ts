import type pg from 'pg';
import { newId } from '../../kernel/ids.ts';
import { runEvent } from '../run-events.ts';
import type { ClaimedRun, Lease } from '../run-queue.ts';
import { DB_NOW } from './db-now.ts';
import { inTransaction } from './pool.ts';
import { NOTE } from './run-event-sql.ts';

// One statement takes a batch: rows that another worker is just taking are skipped, not waited for. The rows found are updated
// where they lie (`ctid`); one that was changed in between is missed, and taken by the next claim.
// Nothing is claimed under a lease that has run out: whoever takes a dead lease away locks its row, so the two cannot cross.
const CLAIM = `WITH alive AS (
    SELECT 1 FROM leases WHERE id = $1 AND expires_at > ${DB_NOW} FOR SHARE
  ), claimed AS (
    UPDATE runs SET status = 'running', ready = 0, lease_id = $1, lease_owner = $2, fence = fence + 1,
      attempt = attempt + CASE WHEN begins_attempt = 1 THEN 1 ELSE 0 END,
      begins_attempt = CASE WHEN begins_attempt = 1 THEN 0 ELSE 2 END, started_at = COALESCE(started_at, ${DB_NOW})
    WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM runs WHERE ready = 1 AND EXISTS (SELECT 1 FROM alive) ORDER BY priority, id LIMIT $3
      FOR UPDATE SKIP LOCKED
    ))
    RETURNING *
  )
  SELECT id, task_id, revision, trigger, nominal_at, attempt, params, fence, reclaims, cancel_requested, started_at,
    concurrency_key, chain, begins_attempt,
    CASE WHEN steps_done = 0 THEN NULL
      ELSE ARRAY(SELECT step FROM run_checkpoints c WHERE c.run_id = claimed.id ORDER BY seq) END AS checkpoints
  FROM claimed ORDER BY priority, id`;

interface Row {
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
  chain: number;
  begins_attempt: number;
  checkpoints: string[] | null;
}

export async function claimRuns(pool: pg.Pool, lease: Lease, limit: number): Promise<ClaimedRun[]> {
  const rows = await inTransaction(pool, async (client) => {
    const values = [lease.id, lease.owner, limit];
    const claimed = (await client.query<Row>({ name: 'runs-claim', text: CLAIM, values })).rows;
    const started = claimed.filter((row) => row.begins_attempt === 0);
    if (started.length > 0) await noteStarted(client, started);
    return claimed;
  });
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
    chain: row.chain,
    checkpoints: row.checkpoints ?? [],
  }));
}

// Not written by the claim itself: putting five hundred events together in SQL took a tenth of its time.
function noteStarted(client: pg.ClientBase, started: readonly Row[]) {
  const events = started.map((row) => runEvent(row.id, row.task_id, row.chain, `,"attempt":${row.attempt}`));
  const values = [newId(), 'run.started', `[${events.join(',')}]`, events.length, Date.now()];
  return client.query({ name: 'events-note', text: NOTE, values });
}
