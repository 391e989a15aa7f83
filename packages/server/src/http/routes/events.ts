import { includesScope } from '@ordinaut/contract';
import type { IdsOf, OperationHandlers } from '../operation-route.ts';
import type { HttpServices } from '../services.ts';

export const eventRoutes = ({ events }: HttpServices): OperationHandlers<IdsOf<'events'>> => ({
  'events.publish': ({ body, caller: { principal, scopes } }) =>
    events.publish(body, {
      source: principal ?? 'api',
      isKnown: principal !== null && !includesScope(scopes, 'admin'),
    }),
  'events.topics': () => events.topics(),
  'events.recent': ({ query }) => events.recent(query.count),
  'events.stream': ({ query, signal, lastEventId }) => events.messages(query.topic, { signal, after: lastEventId }),
  'events.cleanup': ({ query }) => events.cleanup(query.max_age_hours),
});
