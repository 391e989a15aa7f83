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
  /** Whether everything is published at once; then the third event fails the first time. */
  together?: boolean;
};
const logger = createLogger('silent');
const clock = systemClock;
const store = await openStore({ ...settings, poolSize: 4, name: 'victim', clock, logger });
await store.start();
const set = { version: 0, watches: () => false, watchesFamily: () => false, runsOf: () => [] };
const trigger = { current: async () => set, refresh: async () => set };
const streams = await openStreams({ ...settings, store, trigger, clock, logger, instance: 'victim', leaseMs: 1500 });
await streams.start();
let failed = settings.together !== true;
await streams.subscribe({
  group: 'workers',
  pattern: 'job.*',
  async handler(event) {
    process.stdout.write(`${JSON.stringify(event.data)}\n`);
    if (event.data === 2 && !failed) {
      failed = true;
      throw new Error('the first time');
    }
    if (event.data === 3) await new Promise(() => {});
  },
});
const publish = (n: number) => streams.publish({ topic: 'job.new', data: n, source: 'test' });
if (settings.together) await Promise.all(Array.from({ length: 8 }, (_, n) => publish(n)));
else for (let n = 0; n < 8; n++) await publish(n);
