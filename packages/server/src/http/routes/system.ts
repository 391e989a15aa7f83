import { ApiError } from '../../kernel/errors.ts';
import type { IdsOf, OperationHandlers } from '../operation-route.ts';
import type { HttpServices } from '../services.ts';

export const systemRoutes = ({ health }: HttpServices): OperationHandlers<IdsOf<'system'>> => ({
  'system.health': () => health.check(),
  'system.ready': async () => {
    const state = await health.ready();
    if (state.status !== 'unhealthy') return state;
    const failing = state.checks.filter(({ status }) => status === 'unhealthy').map(({ name }) => name);
    throw new ApiError('unavailable', `Not ready: ${failing.join(', ') || 'see details'}.`, {
      details: { ...state },
      retryAfterSeconds: 2,
    });
  },
  'system.live': () => health.live(),
  'system.mode': () => health.mode(),
});
