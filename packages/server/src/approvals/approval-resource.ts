import type { Approval } from '@ordinaut/contract';
import { toIso, toIsoOrNull } from '../kernel/clock.ts';
import type { ApprovalRow } from '../storage/approval-row.ts';

/** An approval as the API shows it. */
export const toApproval = ({ chain: _, ...row }: ApprovalRow): Approval => ({
  ...row,
  details: row.details === null ? null : (JSON.parse(row.details) as Record<string, unknown>),
  approvers: JSON.parse(row.approvers) as string[],
  allow_self: row.allow_self === 1,
  created_at: toIso(row.created_at),
  expires_at: toIso(row.expires_at),
  decided_at: toIsoOrNull(row.decided_at),
});
