import type { IdsOf, OperationHandlers } from '../operation-route.ts';
import type { HttpServices } from '../services.ts';

export const extensionRoutes = ({ extensions }: HttpServices): OperationHandlers<IdsOf<'extensions'>> => ({
  'extensions.status': ({ query }) => extensions.status({ effects: query.effects === 1 }),
  'extensions.health': ({ params }) => extensions.health(params.id),
  'extensions.reload': ({ params, caller }) => extensions.reload(params.id, caller),
  'extensions.enable': ({ params, caller }) => extensions.enable(params.id, caller),
  'extensions.disable': ({ params, caller }) => extensions.disable(params.id, caller),
  'extensions.reset': ({ params, caller }) => extensions.reset(params.id, caller),
});
