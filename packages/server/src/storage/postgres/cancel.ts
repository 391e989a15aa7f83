import type pg from 'pg';
import { CANCELED } from '../run-queue.ts';
import { cancelApprovals } from './approvals.ts';
import { inTransaction } from './pool.ts';
import { FINISH, finishValues, LOCK_KEYS, passKeyOn } from './settle.ts';

const ASK = "UPDATE runs SET cancel_requested = 1 WHERE id = $1 AND status = 'running'";
const KEY = 'SELECT concurrency_key FROM runs WHERE id = $1';
const HOLD = 'SELECT status, fence, task_id, chain FROM runs WHERE id = $1 FOR UPDATE';
// After the row is held: a statement that waits for it would still see the checkpoints of before.
const STEPS = `SELECT '[' || COALESCE(string_agg(step, ',' ORDER BY seq), '') || ']' AS steps
  FROM run_checkpoints WHERE run_id = $1`;

interface Held {
  readonly status: string;
  readonly fence: number;
  readonly task_id: string;
  readonly chain: number;
}

export function cancelRun(pool: pg.Pool, runId: string, now: number): Promise<'canceled' | 'requested' | null> {
  return inTransaction(pool, async (client) => {
    const key = (await client.query<{ concurrency_key: string | null }>(KEY, [runId])).rows[0]?.concurrency_key ?? null;
    // The key before the run, as everywhere.
    if (key !== null) await client.query(LOCK_KEYS, [[key]]);
    const held = (await client.query<Held>(HOLD, [runId])).rows[0];
    if (held === undefined) return null;
    if (held.status === 'running') {
      await client.query(ASK, [runId]);
      return 'requested';
    }
    const steps = (await client.query<{ steps: string }>(STEPS, [runId])).rows[0]?.steps ?? '[]';
    const ending = {
      runId,
      fence: held.fence,
      taskId: held.task_id,
      chain: held.chain,
      status: 'canceled',
      finishedAt: now,
      error: JSON.stringify(CANCELED),
      output: null,
    } as const;
    await client.query(FINISH, finishValues([{ ...ending, steps }]));
    await cancelApprovals(client, runId, now);
    if (key !== null) {
      const holder = await client.query('SELECT 1 FROM concurrency_locks WHERE key = $1 AND run_id = $2', [key, runId]);
      if (holder.rowCount === 1) await passKeyOn(client, key);
    }
    return 'canceled';
  });
}
