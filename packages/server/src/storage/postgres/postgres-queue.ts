import type pg from 'pg';
import { newId } from '../../kernel/ids.ts';
import { LEASE_MS, type Lease, type RunQueue } from '../run-queue.ts';
import type { Signals } from '../signals.ts';
import { decide, expireApprovals } from './approvals.ts';
import { cancelRun } from './cancel.ts';
import { checkpointSteps } from './checkpoint.ts';
import { claimRuns } from './claim.ts';
import { DB_NOW } from './db-now.ts';
import { enqueueRuns, needsTransaction } from './enqueue.ts';
import { guarded, inTransaction } from './pool.ts';
import { settleRuns } from './settle.ts';

const WAKE = "UPDATE runs SET status = 'queued', ready = 1, wake_at = NULL WHERE wake_at <= $1";
const NEXT_WAKE = 'SELECT min(wake_at) AS next_at FROM runs WHERE wake_at IS NOT NULL';
const OPEN_LEASE = `INSERT INTO leases (id, owner, expires_at) VALUES ($1, $2, ${DB_NOW} + ${LEASE_MS})`;
const RENEW_LEASE = `UPDATE leases SET expires_at = ${DB_NOW} + ${LEASE_MS} WHERE id = $1`;
// A lease that still has runs is left to run out, which gives them back.
const CLOSE_LEASE = 'DELETE FROM leases WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM runs WHERE lease_id = $1)';
const DEAD = `SELECT id FROM leases WHERE expires_at < ${DB_NOW} AND id IS DISTINCT FROM $1::uuid FOR UPDATE SKIP LOCKED`;
const RECLAIM = `UPDATE runs SET status = 'queued', ready = 1, lease_id = NULL, lease_owner = NULL, fence = fence + 1,
    reclaims = reclaims + 1
  WHERE lease_id = ANY($1)`;
const CANCEL_REQUESTS = 'SELECT id FROM runs WHERE lease_id = $1 AND cancel_requested = 1';

/** The run queue on PostgreSQL, shared by any number of processes. */
export function postgresQueue(pool: pg.Pool, signals: Signals): RunQueue {
  return {
    async enqueue(runs) {
      const enqueued = runs.some(needsTransaction)
        ? await inTransaction(pool, (client) => enqueueRuns(client, runs))
        : await guarded(() => enqueueRuns(pool, runs));
      signals.emit('runs');
      return enqueued;
    },
    async claim(lease, limit) {
      const claimed = await guarded(() => claimRuns(pool, lease, limit));
      if (claimed.length > 0) signals.emit('noted');
      return claimed;
    },
    checkpoint: (items) => guarded(() => checkpointSteps(pool, items)),
    async settle(items) {
      const settled = await guarded(() => settleRuns(pool, items));
      if (items.some((item) => item.kind !== 'finish' || item.concurrencyKey !== null)) signals.emit('runs');
      signals.emit('noted');
      return settled;
    },
    async decide(order) {
      const decided = await decide(pool, order);
      if (decided) signals.emit('runs');
      if (decided) signals.emit('noted');
      return decided;
    },
    async wake(now) {
      const next = async () => (await pool.query<{ next_at: number | null }>(NEXT_WAKE)).rows[0]?.next_at ?? null;
      return guarded(async () => {
        const nextAt = await next();
        if (nextAt === null || nextAt > now) return { woken: 0, nextAt };
        const woken = await inTransaction(pool, async (client) => {
          const { rowCount } = await client.query(WAKE, [now]);
          const expired = await expireApprovals(client, now);
          return { runs: rowCount ?? 0, expired };
        });
        if (woken.runs > 0) signals.emit('runs');
        if (woken.expired > 0) signals.emit('noted');
        return { woken: woken.runs, nextAt: await next() };
      });
    },
    async cancel(runId, now) {
      const outcome = await cancelRun(pool, runId, now);
      if (outcome === 'requested') signals.emit('cancel', runId);
      if (outcome === 'canceled') signals.emit('runs');
      if (outcome === 'canceled') signals.emit('noted');
      return outcome;
    },
    cancelRequests: (leaseId) =>
      guarded(async () => (await pool.query<{ id: string }>(CANCEL_REQUESTS, [leaseId])).rows.map((row) => row.id)),
    openLease: (owner) =>
      guarded(async (): Promise<Lease> => {
        const lease = { id: newId(), owner };
        await pool.query(OPEN_LEASE, [lease.id, owner]);
        return lease;
      }),
    renewLease: (lease) => guarded(async () => (await pool.query(RENEW_LEASE, [lease.id])).rowCount === 1),
    closeLease: (lease) => guarded(async () => void (await pool.query(CLOSE_LEASE, [lease.id]))),
    reclaimExpired: (except) =>
      inTransaction(pool, async (client) => {
        const dead = (await client.query<{ id: string }>(DEAD, [except])).rows.map((row) => row.id);
        if (dead.length === 0) return 0;
        const { rowCount } = await client.query(RECLAIM, [dead]);
        await client.query('DELETE FROM leases WHERE id = ANY($1)', [dead]);
        return rowCount ?? 0;
      }),
  };
}
