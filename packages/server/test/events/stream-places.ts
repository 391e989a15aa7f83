import { randomBytes } from 'node:crypto';
import { describe, inject } from 'vitest';
import { openStreams } from '../../src/events/open-streams.ts';
import type { OpenStreams } from '../../src/events/streams.ts';
import type { EventTrigger, TriggerSet } from '../../src/events/trigger.ts';
import { type Clock, systemClock } from '../../src/kernel/clock.ts';
import type { Store, StoreKind } from '../../src/storage/store.ts';
import { logger, newPlace } from '../support/stores.ts';

export type StreamsKind = StoreKind | 'redis';

/** No task is started by any event. */
const noTrigger: EventTrigger = {
  current: async () => nothing,
  refresh: async () => nothing,
};
const nothing: TriggerSet = { version: 0, watches: () => false, watchesFamily: () => false, runsOf: () => [] };

/** A place where streams can be opened again and again, by several processes as it were. */
export interface StreamsPlace {
  readonly kind: StreamsKind;
  /** What another process needs to open it. */
  readonly settings: { databaseUrl: string | null; directory: string; redisUrl: string | null; redisPrefix: string };
  open(options?: { clock?: Clock; leaseMs?: number; maxEvents?: number }): Promise<OpenStreams>;
  /** Stops what was opened; another process can open the place then. */
  close(): Promise<void>;
  remove(): Promise<void>;
}

export async function newStreamsPlace(kind: StreamsKind): Promise<StreamsPlace> {
  const place = await newPlace(kind === 'redis' ? 'sqlite' : kind);
  const redisUrl = kind === 'redis' ? inject('redisUrl') : null;
  const redisPrefix = `ordinaut-test-${randomBytes(6).toString('hex')}:`;
  const opened: OpenStreams[] = [];
  const stores: Store[] = [];
  const close = async () => {
    await Promise.all(opened.splice(0).map((each) => each.stop()));
    await Promise.all(stores.splice(0).map((each) => each.stop()));
  };
  return {
    kind,
    settings: { databaseUrl: place.databaseUrl, directory: place.directory, redisUrl, redisPrefix },
    async open({ clock = systemClock, leaseMs = 1500 } = {}) {
      // SQLite belongs to one process: there the instances share the store.
      if (stores.length === 0 || kind === 'postgres') {
        const store = await place.open({ clock });
        await store.start();
        stores.push(store);
      }
      const store = stores.at(-1)!;
      const instance = `test:${opened.length}`;
      const streams = await openStreams({
        store,
        redisUrl,
        redisPrefix,
        trigger: noTrigger,
        clock,
        logger,
        instance,
        leaseMs,
      });
      await streams.start();
      opened.push(streams);
      return streams;
    },
    close,
    async remove() {
      await close();
      if (redisUrl !== null) await forgetRedis(redisUrl, redisPrefix);
      await place.remove();
    },
  };
}

async function forgetRedis(url: string, prefix: string): Promise<void> {
  const { Redis } = await import('ioredis');
  const redis = new Redis(url);
  const keys = await redis.keys(`${prefix}*`);
  if (keys.length > 0) await redis.unlink(...keys);
  redis.disconnect();
}

/** Runs one suite on every implementation. The suite of one that is not there is reported as skipped, by its name. */
export function describeStreams(name: string, suite: (kind: StreamsKind) => void): void {
  for (const kind of ['sqlite', 'postgres', 'redis'] as const) {
    const missing =
      (kind === 'postgres' && inject('postgresUrl') === null) || (kind === 'redis' && inject('redisUrl') === null);
    describe.skipIf(missing)(`${name} on ${kind}`, () => suite(kind));
  }
}
