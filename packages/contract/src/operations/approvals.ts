import { Approval, ApprovalListQuery, DecisionInput } from '../approvals.ts';
import { Page } from '../common.ts';
import { IdParams, type Operation, ok } from './operation.ts';

const decision = {
  method: 'POST',
  tag: 'approvals',
  access: 'approvals:decide',
  repeat: 'idempotent',
  params: IdParams,
  body: DecisionInput,
  bodyOptional: true,
  errors: ['bad_request', 'not_found', 'conflict'],
} as const;

export const approvalOperations = {
  'approvals.list': {
    method: 'GET',
    path: '/approvals',
    tag: 'approvals',
    summary: 'List approvals, newest first',
    access: 'approvals:read',
    repeat: 'safe',
    query: ApprovalListQuery,
    success: ok(Page(Approval), 'A page of approvals'),
    errors: ['bad_request'],
  },
  'approvals.get': {
    method: 'GET',
    path: '/approvals/{id}',
    tag: 'approvals',
    summary: 'Show an approval',
    access: 'approvals:read',
    repeat: 'safe',
    params: IdParams,
    success: ok(Approval, 'The approval'),
    errors: ['not_found'],
  },
  'approvals.approve': {
    ...decision,
    path: '/approvals/{id}/approve',
    summary: 'Approve: the run goes on',
    success: ok(Approval, 'The approval, decided'),
  },
  'approvals.reject': {
    ...decision,
    path: '/approvals/{id}/reject',
    summary: 'Reject: the step fails, or goes on with the decision as its output',
    success: ok(Approval, 'The approval, decided'),
  },
} as const satisfies Record<string, Operation>;
