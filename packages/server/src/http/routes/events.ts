import { includesScope } from '@ordinaut/contract';
import type { IdsOf, OperationHandlers } from '../operation-route.ts';
import type { HttpServices } from '../services.ts';

export const eventRoutes = ({ events }: HttpServices): OperationHandlers<IdsOf<'events'>> => ({
  'events.publish': ({ body, caller: { principal, scopes } }) =>
    events.publish(body, {
      source: principal ?? 'api',
      isKnown: principal !== null && !includesScope(scopes, 'admin'),
    }),
  'events.topics': ({ caller }) => events.topics(caller.scopes),
  'events.recent': ({ query, caller }) => events.recent(query.count, caller.scopes),
  'events.stream': ({ query, signal, lastEventId, caller: { scopes } }) =>
    events.messages(query.topic, { signal, after: lastEventId, scopes }),
  'events.cleanup': ({ query }) => events.cleanup(query.max_age_hours),
});
