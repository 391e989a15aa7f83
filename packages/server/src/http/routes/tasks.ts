import type { IdsOf, OperationHandlers } from '../operation-route.ts';
import type { HttpServices } from '../services.ts';

export const taskRoutes = ({ tasks, runs }: HttpServices): OperationHandlers<IdsOf<'tasks'>> => ({
  'tasks.create': ({ body, caller }) => tasks.create(body, caller),
  'tasks.list': ({ query }) => tasks.list(query),
  'tasks.get': ({ params }) => tasks.get(params.id),
  'tasks.replace': ({ params, body, caller }) => tasks.update(params.id, body, caller),
  'tasks.update': ({ params, body, caller }) => tasks.update(params.id, body, caller),
  'tasks.delete': ({ params, caller }) => tasks.cancel(params.id, caller),
  'tasks.run_now': ({ params, body, caller }) => tasks.runNow(params.id, body, caller),
  'tasks.snooze': ({ params, body, caller }) => tasks.snooze(params.id, body, caller),
  'tasks.pause': ({ params, caller }) => tasks.pause(params.id, caller),
  'tasks.resume': ({ params, caller }) => tasks.resume(params.id, caller),
  'tasks.cancel': ({ params, caller }) => tasks.cancel(params.id, caller),
  'tasks.latest_run': ({ params }) => runs.latestOf(params.id),
  'tasks.stats': ({ params, query }) => runs.statsOf(params.id, query.days),
});
