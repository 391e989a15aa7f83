import type { Alert } from './alerts.ts';
import type { HandlerEvent } from './handlers.ts';

/**
 * The changes that the core publishes on the stream `core`, and what each carries. Events of runs that events have started also carry
 * `chain`: how many such runs led to them. Of alerts the whole is carried, with `raw_log` cut short where it is long.
 */
export interface EventMap {
  'run.started': { run_id: string; task_id: string; attempt: number };
  'run.waiting': { run_id: string; task_id: string; wake_at: string };
  'run.retrying': { run_id: string; task_id: string; attempt: number; wake_at: string };
  'run.succeeded': { run_id: string; task_id: string };
  'run.failed': { run_id: string; task_id: string };
  'run.canceled': { run_id: string; task_id: string };
  'approval.requested': ApprovalEvent;
  'approval.approved': ApprovalEvent & { decided_by: string | null; comment: string | null };
  'approval.rejected': ApprovalEvent & { decided_by: string | null; comment: string | null };
  'approval.expired': ApprovalEvent;
  'approval.canceled': ApprovalEvent;
  'task.created': { task_id: string };
  'task.updated': { task_id: string };
  'task.paused': { task_id: string };
  'task.resumed': { task_id: string };
  'task.canceled': { task_id: string };
  'task.completed': { task_id: string };
  'alert.created': Alert;
  'alert.deduplicated': Alert;
  'alert.updated': Alert;
  /** An event of the handler with this id. */
  [handler: `handler.${string}`]: HandlerEvent;
}

/** Enough to tell somebody about an approval; `GET /approvals/{id}` has the rest. */
export interface ApprovalEvent {
  approval_id: string;
  run_id: string;
  task_id: string;
  step_id: string;
  title: string;
  approvers: string[];
  requested_by: string | null;
  expires_at: string;
}

export type Topic = keyof EventMap;
