import type { ApprovalEvent, EventMap } from '@ordinaut/contract';
import { toIso } from '../kernel/clock.ts';
import type { ApprovalRow } from './approval-row.ts';

/** The topic of what became of an approval. */
export const approvalTopics = {
  pending: 'approval.requested',
  approved: 'approval.approved',
  rejected: 'approval.rejected',
  expired: 'approval.expired',
  canceled: 'approval.canceled',
} as const satisfies Record<ApprovalRow['status'], keyof EventMap>;

/** What an event of an approval carries, as JSON. */
export function approvalEvent(row: ApprovalRow): string {
  const event: ApprovalEvent = {
    approval_id: row.id,
    run_id: row.run_id,
    task_id: row.task_id,
    step_id: row.step_id,
    title: row.title,
    approvers: JSON.parse(row.approvers) as string[],
    requested_by: row.requested_by,
    expires_at: toIso(row.expires_at),
  };
  const isDecided = row.status === 'approved' || row.status === 'rejected';
  return JSON.stringify({
    ...event,
    ...(isDecided && { decided_by: row.decided_by, comment: row.comment }),
    ...(row.chain > 0 && { chain: row.chain }),
  });
}
