import type { IdsOf, OperationHandlers } from '../operation-route.ts';
import type { HttpServices } from '../services.ts';

export const approvalRoutes = ({ approvals }: HttpServices): OperationHandlers<IdsOf<'approvals'>> => ({
  'approvals.list': ({ query }) => approvals.list(query),
  'approvals.get': ({ params }) => approvals.get(params.id),
  'approvals.approve': ({ params, body, caller }) => approvals.decide(params.id, 'approved', body, caller),
  'approvals.reject': ({ params, body, caller }) => approvals.decide(params.id, 'rejected', body, caller),
});
