import { openStreams } from '../../src/events/open-streams.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { openStore } from '../../src/storage/open-store.ts';

/**
 * A process that handles events until it is killed: it writes a line for each, and never ends with the fourth.
 */
const settings = JSON.parse(process.argv[2]!) as {
  databaseUrl: string | null;
  directory: string;
  redisUrl: string | null;
  redisPrefix: string;
};
const logger = createLogger('silent');
const clock = systemClock;
const store = await openStore({ ...settings, poolSize: 4, name: 'victim', clock, logger });
await store.start();
const set = { version: 0, watches: () => false, runsOf: () => [] };
const trigger = { current: async () => set, refresh: async () => set };
const streams = await openStreams({ ...settings, store, trigger, clock, logger, instance: 'victim', leaseMs: 1500 });
await streams.start();
await streams.subscribe({
  group: 'workers',
  pattern: 'job.*',
  async handler(event) {
    process.stdout.write(`${JSON.stringify(event.data)}\n`);
    if (event.data === 3) await new Promise(() => {});
  },
});
for (let n = 0; n < 8; n++) await streams.publish({ topic: 'job.new', data: n, source: 'test' });
