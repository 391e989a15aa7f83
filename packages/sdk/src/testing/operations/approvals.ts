import type { Approval } from '@ordinaut/contract';
import type { AnyHandler, World } from '../call.ts';
import type { Caller } from '../caller.ts';
import { newId } from '../new-id.ts';
import { isAsked, pageOf } from '../page.ts';

import { conflict, TestError } from '../test-error.ts';
import { found, isoNow } from './find.ts';
import { finishRun } from './run-life.ts';

const WEEK_MS = 604_800_000;

/** A question that a run asks; by itself no run of a test server does. */
export function addApproval(world: World, runId: string, fields: Partial<Approval> = {}): Approval {
  const run = found(world.state.runs, 'run', runId);
  const now = world.clock.now();
  const approval: Approval = {
    id: newId(now),
    run_id: run.id,
    task_id: run.task_id,
    step_id: 'ask',
    status: 'pending',
    title: 'May it go on?',
    message: null,
    details: null,
    approvers: [],
    allow_self: true,
    on_reject: 'fail',
    on_expiry: 'fail',
    requested_by: null,
    created_at: new Date(now).toISOString(),
    expires_at: new Date(now + WEEK_MS).toISOString(),
    decided_by: null,
    comment: null,
    decided_at: null,
    ...fields,
  };
  world.state.approvals.set(approval.id, approval);
  tell(world, approval, 'requested');
  return approval;
}

function tell({ state }: World, approval: Approval, what: string): void {
  const { id, run_id, task_id, step_id, title, approvers, requested_by, expires_at, decided_by, comment } = approval;
  const event = { approval_id: id, run_id, task_id, step_id, title, approvers, requested_by, expires_at };
  state.events.publish(`approval.${what}`, what === 'requested' ? event : { ...event, decided_by, comment });
}

function assertMayDecide({ id, approvers, allow_self, requested_by }: Approval, { principal }: Caller): void {
  const details = { approval_id: id, approvers, requested_by };
  const isMeant = (approver: string) =>
    approver === `role:${principal?.role}` || approver.toLowerCase() === principal?.name.toLowerCase();
  const who = principal?.name ?? 'nobody who is logged in';
  if (approvers.length > 0 && !approvers.some(isMeant))
    throw new TestError(
      'forbidden',
      `Only ${approvers.join(', ')} may decide approval ${id}; you are ${who}.`,
      details,
    );
  if (!allow_self && (principal === null || principal.name === requested_by))
    throw new TestError('forbidden', `${who} has asked for approval ${id}; somebody else has to decide it.`, details);
}

/** Decides for good, and ends its run: after an approval it has succeeded. */
function decide(world: World, id: string, status: 'approved' | 'rejected', body: unknown, caller: Caller): Approval {
  const asked = found(world.state.approvals, 'approval', id);
  assertMayDecide(asked, caller);
  const decided_by = caller.principal?.name ?? null;
  if (asked.status !== 'pending') {
    if (asked.status === status && asked.decided_by === decided_by) return asked;
    const { run_id, decided_at } = asked;
    const details = { status: asked.status, run_id, decided_by: asked.decided_by, decided_at };
    throw conflict(`Approval ${id} was ${asked.status} at ${decided_at}; a decision is final.`, details);
  }
  const { comment = null } = (body ?? {}) as { comment?: string };
  const decided: Approval = { ...asked, status, decided_by, comment, decided_at: isoNow(world) };
  world.state.approvals.set(id, decided);
  tell(world, decided, status);
  const isFailure = status === 'rejected' && asked.on_reject === 'fail';
  const error = { code: 'approval_rejected', message: 'Somebody has rejected what the step asked for.' };
  finishRun(world, asked.run_id, isFailure ? { status: 'failed', error: { ...error, step_id: asked.step_id } } : {});
  return decided;
}

const idOf = (params: unknown): string => (params as { id: string }).id;

export const approvalHandlers: Readonly<Record<string, AnyHandler>> = {
  'approvals.list': ({ world, query }) => {
    const { status, run_id, task_id } = query as Partial<Approval>;
    const matching = [...world.state.approvals.values()].filter(
      (one) => isAsked(status, one.status) && isAsked(run_id, one.run_id) && isAsked(task_id, one.task_id),
    );
    return pageOf(matching, query as object);
  },
  'approvals.get': ({ world, params }) => found(world.state.approvals, 'approval', idOf(params)),
  'approvals.approve': ({ world, params, body, caller }) => decide(world, idOf(params), 'approved', body, caller),
  'approvals.reject': ({ world, params, body, caller }) => decide(world, idOf(params), 'rejected', body, caller),
};
