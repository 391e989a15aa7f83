import type { IdsOf, OperationHandlers } from '../operation-route.ts';
import type { HttpServices } from '../services.ts';

export const alertRoutes = ({ alerts }: HttpServices): OperationHandlers<IdsOf<'alerts'>> => ({
  'alerts.list': ({ query }) => alerts.list(query),
});
