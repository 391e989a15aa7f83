import type { Health } from '@ordinaut/contract';
import type { Handlers, World } from '../call.ts';
import { isoNow } from './find.ts';

const VERSION = 'test';

const health = (world: World): Health => ({
  status: 'healthy',
  timestamp: isoNow(world),
  version: VERSION,
  checks: [{ name: 'store', status: 'healthy', message: 'in memory', latency_ms: 0 }],
});

export const systemHandlers: Handlers<'system'> = {
  'system.health': ({ world }) => health(world),
  'system.ready': ({ world }) => health(world),
  'system.live': ({ world }) => ({ status: 'alive', timestamp: isoNow(world), version: VERSION, uptime_seconds: 0 }),
  'system.mode': ({ world }) => ({
    version: VERSION,
    node: 'none',
    store: 'sqlite',
    roles: ['api', 'worker', 'scheduler'],
    instance: 'test',
    server_time: isoNow(world),
  }),
};
