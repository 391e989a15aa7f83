import type { IdsOf, OperationHandlers } from '../operation-route.ts';
import type { HttpServices } from '../services.ts';

export const eventRoutes = ({ events }: HttpServices): OperationHandlers<IdsOf<'events'>> => ({
  'events.publish': ({ body, caller }) => events.publish(body, { source: caller.principal ?? 'api' }),
  'events.topics': () => events.topics(),
  'events.recent': ({ query }) => events.recent(query.count),
  'events.stream': ({ query, signal, lastEventId }) => events.messages(query.topic, { signal, after: lastEventId }),
  'events.cleanup': ({ query }) => events.cleanup(query.max_age_hours),
});
