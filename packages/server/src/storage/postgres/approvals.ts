import type pg from 'pg';
import { newId } from '../../kernel/ids.ts';
import { approvalEvent, approvalTopics } from '../approval-events.ts';
import type { ApprovalRow } from '../approval-row.ts';
import { approvalColumns, valuesOf } from '../approval-row.ts';
import type { DecisionOrder } from '../run-queue.ts';
import { inTransaction } from './pool.ts';
import { NOTE } from './run-event-sql.ts';

// The row of the run is held before that of its approval, everywhere: so a decision, an expiry and a cancellation that meet
// go one after another, and never wait for each other.
const INSERT = `INSERT INTO approvals (${approvalColumns.join(', ')})
  VALUES (${approvalColumns.map((_, index) => `$${index + 1}`).join(', ')})`;
const HOLD = "SELECT 1 FROM runs WHERE id = $1 AND status = 'waiting' FOR UPDATE";
const DECIDE = `UPDATE approvals SET status = $2, decided_by = $3, comment = $4, decided_at = $5
  WHERE id = $1 AND status = 'pending' AND expires_at > $5 RETURNING *`;
const GO_ON = "UPDATE runs SET status = 'queued', ready = 1, wake_at = NULL WHERE id = $1";
const CANCEL = `UPDATE approvals SET status = 'canceled', decided_at = $2
  WHERE run_id = $1 AND status = 'pending' RETURNING *`;
// Not of a run that was parked while the others were woken: that one is woken next, together with its approval.
const EXPIRE = `UPDATE approvals a SET status = 'expired', decided_at = $1
  WHERE a.status = 'pending' AND a.expires_at <= $1
    AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.id = a.run_id AND r.status = 'waiting')
  RETURNING *`;

/** Stores what a run asks, in the transaction that parks it. */
export async function askFor(client: pg.ClientBase, row: ApprovalRow): Promise<void> {
  await client.query(INSERT, valuesOf(row));
  await tell(client, [row], row.created_at);
}

export function decide(pool: pg.Pool, order: DecisionOrder): Promise<boolean> {
  const { approvalId, runId, decision, decidedBy, comment, now } = order;
  return inTransaction(pool, async (client) => {
    if ((await client.query(HOLD, [runId])).rowCount !== 1) return false;
    const values = [approvalId, decision, decidedBy, comment, now];
    const { rows } = await client.query<ApprovalRow>(DECIDE, values);
    if (rows.length === 0) return false;
    await client.query(GO_ON, [runId]);
    await tell(client, rows, now);
    return true;
  });
}

/** Ends what a canceled run has asked; the caller holds the run. */
export async function cancelApprovals(client: pg.ClientBase, runId: string, now: number): Promise<void> {
  await tell(client, (await client.query<ApprovalRow>(CANCEL, [runId, now])).rows, now);
}

/** Ends what nobody has answered in time, in the transaction that wakes the runs. Answers how many. */
export async function expireApprovals(client: pg.ClientBase, now: number): Promise<number> {
  const { rows } = await client.query<ApprovalRow>(EXPIRE, [now]);
  await tell(client, rows, now);
  return rows.length;
}

/** Notes the events of approvals of one status. */
async function tell(client: pg.ClientBase, rows: readonly ApprovalRow[], now: number): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const events = `[${rows.map(approvalEvent).join(',')}]`;
  await client.query(NOTE, [newId(), approvalTopics[first.status], events, rows.length, now]);
}
