import type { ApprovalStatus, ExpiryEffect, RejectionEffect } from '@ordinaut/contract';
import type { AskedQuestion } from './run-queue.ts';

/** What a step of a run asks of people. */
export interface ApprovalRow {
  id: string;
  run_id: string;
  task_id: string;
  step_id: string;
  status: ApprovalStatus;
  title: string;
  message: string | null;
  /** JSON object. */
  details: string | null;
  /** JSON list; empty: everybody with the scope. */
  approvers: string;
  allow_self: 0 | 1;
  on_reject: RejectionEffect;
  on_expiry: ExpiryEffect;
  requested_by: string | null;
  /** Of its run. */
  chain: number;
  created_at: number;
  /** The wake time of its run. */
  expires_at: number;
  decided_by: string | null;
  comment: string | null;
  decided_at: number | null;
}

/** The run that asks. */
export interface AskingRun {
  readonly runId: string;
  readonly task_id: string;
  readonly chain: number;
}

/** A question as the row of an approval that nobody has decided. */
export const pendingRow = ({ question, stepId, askedAt, expiresAt }: AskedQuestion, run: AskingRun): ApprovalRow => ({
  id: question.id,
  run_id: run.runId,
  task_id: run.task_id,
  step_id: stepId,
  status: 'pending',
  title: question.title,
  message: question.message,
  details: question.details === null ? null : JSON.stringify(question.details),
  approvers: JSON.stringify(question.approvers),
  allow_self: question.allow_self ? 1 : 0,
  on_reject: question.on_reject,
  on_expiry: question.on_expiry,
  requested_by: question.requested_by,
  chain: run.chain,
  created_at: askedAt,
  expires_at: expiresAt,
  decided_by: null,
  comment: null,
  decided_at: null,
});

/** The columns of an approval in the order of `valuesOf`. */
export const approvalColumns = [
  'id',
  'run_id',
  'task_id',
  'step_id',
  'status',
  'title',
  'message',
  'details',
  'approvers',
  'allow_self',
  'on_reject',
  'on_expiry',
  'requested_by',
  'chain',
  'created_at',
  'expires_at',
  'decided_by',
  'comment',
  'decided_at',
] as const satisfies readonly (keyof ApprovalRow)[];

export const valuesOf = (row: ApprovalRow): (string | number | null)[] => approvalColumns.map((name) => row[name]);
