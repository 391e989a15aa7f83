import { type Clock, toIso } from '../kernel/clock.ts';
import type { HealthBoard } from '../kernel/health.ts';
import { version } from '../kernel/version.ts';
import type { Store } from '../storage/store.ts';
import type { HttpServices } from './services.ts';

/** What the API tells of the state of this process. */
export function healthServices(
  health: HealthBoard,
  about: { clock: Clock; store: Store; roles: readonly string[]; instance: string },
): HttpServices['health'] {
  const { clock, store, roles, instance } = about;
  return {
    check: () => health.check(),
    ready: () => health.check(),
    live: () => ({
      status: 'alive',
      timestamp: toIso(clock.now()),
      version,
      uptime_seconds: Number(process.uptime().toFixed(1)),
    }),
    mode: () => ({
      version,
      node: process.version,
      store: store.kind,
      roles: [...roles],
      instance,
      server_time: toIso(clock.now()),
    }),
  };
}
