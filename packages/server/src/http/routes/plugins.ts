import type { IdsOf, OperationHandlers } from '../operation-route.ts';
import type { HttpServices } from '../services.ts';

export const pluginRoutes = ({ plugins }: HttpServices): OperationHandlers<IdsOf<'plugins'>> => ({
  'plugins.list': () => plugins.list(),
});
