import type { IdsOf, OperationHandlers } from '../operation-route.ts';
import type { HttpServices } from '../services.ts';

export const runRoutes = ({ runs }: HttpServices): OperationHandlers<IdsOf<'runs'>> => ({
  'runs.list': ({ query }) => runs.list(query),
  'runs.summary': ({ query }) => runs.summary(query.days),
  'runs.get': ({ params }) => runs.get(params.id),
  'runs.cancel': ({ params }) => runs.cancel(params.id),
  'runs.retry': ({ params }) => runs.retry(params.id),
  'runs.stream': ({ params, signal, lastEventId }) => runs.follow(params.id, { signal, lastEventId }),
  'runs.latest_of_task': ({ params }) => runs.latestOf(params.task_id),
  'runs.stats_of_task': ({ params, query }) => runs.statsOf(params.task_id, query.days),
});
