import type { ApprovalStatus } from '@ordinaut/contract';
import { approvalEvent, approvalTopics } from '../../approval-events.ts';
import type { ApprovalRow } from '../../approval-row.ts';
import { approvalColumns, valuesOf } from '../../approval-row.ts';
import type { DecisionOrder } from '../../run-queue.ts';
import type { StatementCache } from '../statement-cache.ts';
import { RunEvents } from './run-events.ts';

const INSERT = `INSERT INTO approvals (${approvalColumns.join(', ')}) VALUES (${approvalColumns.map(() => '?').join(', ')})`;
const WAITS = `SELECT 1 FROM runs WHERE id = ? AND status = 'waiting'`;
const DECIDE = `UPDATE approvals SET status = ?, decided_by = ?, comment = ?, decided_at = ?
  WHERE id = ? AND status = 'pending' AND expires_at > ? RETURNING *`;
const GO_ON = `UPDATE runs SET status = 'queued', ready = 1, wake_at = NULL WHERE id = ?`;
const CANCEL = `UPDATE approvals SET status = 'canceled', decided_at = ? WHERE run_id = ? AND status = 'pending' RETURNING *`;
const EXPIRE = `UPDATE approvals SET status = 'expired', decided_at = ? WHERE status = 'pending' AND expires_at <= ? RETURNING *`;

/** Stores what a run asks, in the unit that parks it. */
export function askFor(statements: StatementCache, row: ApprovalRow, told: RunEvents): void {
  statements.get(INSERT).run(...valuesOf(row));
  tell(told, [row], 'pending');
}

export function decide(statements: StatementCache, order: DecisionOrder): boolean {
  const { approvalId, runId, decision, decidedBy, comment, now } = order;
  if (statements.get(WAITS).get(runId) === undefined) return false;
  const decided = rows(statements.get(DECIDE).all(decision, decidedBy, comment, now, approvalId, now));
  if (decided.length === 0) return false;
  statements.get(GO_ON).run(runId);
  const told = new RunEvents();
  tell(told, decided, decision);
  told.note(statements, now);
  return true;
}

/** Ends what a canceled run has asked. */
export function cancelApprovals(statements: StatementCache, runId: string, now: number, told: RunEvents): void {
  tell(told, rows(statements.get(CANCEL).all(now, runId)), 'canceled');
}

/** Ends what nobody has answered in time; in the unit that wakes the runs. Answers how many. */
export function expireApprovals(statements: StatementCache, now: number): number {
  const expired = rows(statements.get(EXPIRE).all(now, now));
  const told = new RunEvents();
  tell(told, expired, 'expired');
  told.note(statements, now);
  return expired.length;
}

const tell = (told: RunEvents, approvals: readonly ApprovalRow[], status: ApprovalStatus): void => {
  for (const row of approvals) told.add(approvalTopics[status], approvalEvent(row));
};

const rows = (found: readonly unknown[]): ApprovalRow[] => found as ApprovalRow[];
