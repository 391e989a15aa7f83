import type { IdsOf, OperationHandlers } from '../operation-route.ts';
import type { HttpServices } from '../services.ts';

export const scheduleRoutes = (services: HttpServices): OperationHandlers<IdsOf<'schedules'>> => ({
  'schedules.preview': ({ body }) => services.preview(body),
});
