import type { ApprovalAnswer, Decision } from '@ordinaut/contract';
import { toIso } from '../kernel/clock.ts';
import { RunFailure } from '../kernel/errors.ts';
import type { StepAnswer } from '../pipeline/executor.ts';
import type { ApprovalRow } from '../storage/approval-row.ts';
import type { Store } from '../storage/store.ts';

/**
 * What the decision about an approval makes of its step; null while there is none.
 *
 * @throws Error where there is no such approval.
 */
export async function answerTo(store: Store, approvalId: string): Promise<StepAnswer | null> {
  const row = await store.db.selectFrom('approvals').selectAll().where('id', '=', approvalId).executeTakeFirst();
  if (row === undefined) throw new Error(`Approval ${approvalId} is not in the database.`);
  return answerOf(row);
}

/** The same of a row. */
export function answerOf(row: ApprovalRow): StepAnswer | null {
  const { status, on_expiry, on_reject } = row;
  switch (status) {
    case 'pending':
      return null;
    case 'approved':
      return { output: outputOf(row, status, 'approved') };
    case 'rejected':
      return on_reject === 'continue'
        ? { output: outputOf(row, status, 'rejected') }
        : { failure: new RunFailure('approval_rejected', rejection(row)) };
    case 'expired':
      if (on_expiry === 'approve') return { output: outputOf(row, status, 'approved') };
      if (on_expiry === 'reject' && on_reject === 'continue') return { output: outputOf(row, status, 'rejected') };
      return on_expiry === 'reject'
        ? { failure: new RunFailure('approval_rejected', `${expiry(row)} That counts as a rejection.`) }
        : { failure: new RunFailure('approval_expired', expiry(row)) };
    case 'canceled':
      return { failure: new RunFailure('canceled', `The approval "${row.title}" was canceled.`) };
  }
}

const outputOf = (row: ApprovalRow, status: ApprovalAnswer['status'], decision: Decision): ApprovalAnswer => ({
  approval_id: row.id,
  status,
  decision,
  decided_by: row.decided_by,
  comment: row.comment,
  decided_at: toIso(row.decided_at ?? row.expires_at),
});

const rejection = ({ title, decided_by, comment }: ApprovalRow): string =>
  `${decided_by ?? 'Somebody'} has rejected "${title}"${comment === null ? '; no reason is given.' : `: ${comment}`}`;

const expiry = ({ title, expires_at }: ApprovalRow): string =>
  `Nobody has answered "${title}" by ${toIso(expires_at)}.`;
