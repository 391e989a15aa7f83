import type { IdsOf, OperationHandlers } from '../operation-route.ts';
import type { HttpServices } from '../services.ts';
import { toMe } from './me.ts';

export const userRoutes = ({ users }: HttpServices): OperationHandlers<IdsOf<'users'>> => ({
  'users.me': ({ caller }) => toMe(caller),
  'users.change_password': ({ body, caller }) => users.changePassword(body, caller),
  'users.create': ({ body, caller }) => users.create(body, caller),
  'users.list': ({ query }) => users.list(query),
  'users.get': ({ params }) => users.get(params.username),
  'users.update': ({ params, body }) => users.update(params.username, body),
  'users.delete': ({ params, caller }) => users.delete(params.username, caller),
});

export const agentRoutes = ({ agents }: HttpServices): OperationHandlers<IdsOf<'agents'>> => ({
  'agents.create': ({ body, caller }) => agents.create(body, caller),
  'agents.list': ({ query }) => agents.list(query),
  'agents.get': ({ params }) => agents.get(params.id),
  'agents.update': ({ params, body }) => agents.update(params.id, body),
  'agents.delete': ({ params }) => agents.delete(params.id),
  'agents.create_credentials': ({ params }) => agents.createCredentials(params.id),
});

export const auditRoutes = ({ audit }: HttpServices): OperationHandlers<IdsOf<'audit'>> => ({
  'audit.list': ({ query }) => audit.list(query),
});
