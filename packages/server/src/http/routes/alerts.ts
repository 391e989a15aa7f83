import { followAlerts } from '../../alerts/alert-feed.ts';
import type { IdsOf, OperationHandlers } from '../operation-route.ts';
import type { HttpServices } from '../services.ts';

export const alertRoutes = ({ alerts, streams }: HttpServices): OperationHandlers<IdsOf<'alerts'>> => ({
  'alerts.submit': async ({ body }) => {
    const result = await alerts.submit(body);
    return { status: result.deduplicated ? 200 : 201, result };
  },
  'alerts.bulk': ({ body }) => alerts.submitAll(body),
  'alerts.list': ({ query }) => alerts.list(query),
  'alerts.stream': ({ query, signal, lastEventId }) => followAlerts(streams, query, { signal, after: lastEventId }),
  'alerts.get': ({ params }) => alerts.get(params.id),
  'alerts.update': ({ params, body }) => alerts.update(params.id, body),
  'alerts.acknowledge': ({ params, body, caller }) => alerts.acknowledge(params.id, body, caller.principal),
});
