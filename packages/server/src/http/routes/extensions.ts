import { isStranger } from '../../identity/caller.ts';
import type { IdsOf, OperationHandlers } from '../operation-route.ts';
import type { HttpServices } from '../services.ts';

export const extensionRoutes = ({ extensions }: HttpServices): OperationHandlers<IdsOf<'extensions'>> => ({
  'extensions.status': ({ query, caller }) =>
    extensions.status({ effects: query.effects === 1 && !isStranger(caller), reasons: !isStranger(caller) }),
  'extensions.health': ({ params }) => extensions.health(params.id),
  'extensions.reload': ({ params }) => extensions.reload(params.id),
  'extensions.enable': ({ params }) => extensions.enable(params.id),
  'extensions.disable': ({ params }) => extensions.disable(params.id),
  'extensions.config': ({ params }) => extensions.config(params.id),
  'extensions.configure': ({ params, body }) => extensions.configure(params.id, body),
  'extensions.unconfigure': ({ params }) => extensions.unconfigure(params.id),
  'extensions.reset': ({ params }) => extensions.reset(params.id),
});
