import type { IdsOf, OperationHandlers } from '../operation-route.ts';
import type { HttpServices } from '../services.ts';

export const taskRoutes = ({ tasks, runs }: HttpServices): OperationHandlers<IdsOf<'tasks'>> => ({
  'tasks.create': ({ body, caller }) => tasks.create(body, caller),
  'tasks.list': ({ query }) => tasks.list(query),
  'tasks.get': ({ params }) => tasks.get(params.id),
  'tasks.replace': ({ params, body, caller }) => tasks.update(params.id, body, caller),
  'tasks.update': ({ params, body, caller }) => tasks.update(params.id, body, caller),
  'tasks.delete': ({ params }) => tasks.cancel(params.id),
  'tasks.run_now': ({ params, body }) => tasks.runNow(params.id, body),
  'tasks.snooze': ({ params, body }) => tasks.snooze(params.id, body),
  'tasks.pause': ({ params }) => tasks.pause(params.id),
  'tasks.resume': ({ params }) => tasks.resume(params.id),
  'tasks.cancel': ({ params }) => tasks.cancel(params.id),
  'tasks.latest_run': ({ params }) => runs.latestOf(params.id),
  'tasks.stats': ({ params, query }) => runs.statsOf(params.id, query.days),
});
