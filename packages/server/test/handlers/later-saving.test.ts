import type { Handler } from '@ordinaut/contract';
import { describe, expect, inject, test } from 'vitest';
import type { HandlerBatch } from '../../src/handlers/handler-batch.ts';
import { HandlerCalls } from '../../src/handlers/handler-calls.ts';
import { HandlerService } from '../../src/handlers/handler-service.ts';
import { type Clock, systemClock } from '../../src/kernel/clock.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { ToolRegistry } from '../../src/tools/registry.ts';
import { cutProxy } from '../support/cut-proxy.ts';
import { describeStores, logger, newPlace } from '../support/stores.ts';

const everybody = { principal: null, identity: null, scopes: ['*'] };

/** Handlers on a store, and what becomes of their events. */
function roomOn(store: Store, options: { clock?: Clock; laterBytes?: number } = {}) {
  const tools = new ToolRegistry();
  const delivered: HandlerBatch[] = [];
  const answered: (() => void)[] = [];
  let heard = Promise.withResolvers<void>();
  const calls = new HandlerCalls({
    store,
    tools,
    clock: systemClock,
    random: () => 0,
    logger,
    deliver(batch) {
      delivered.push(batch);
      heard.resolve();
    },
    ...options,
  });
  const bring = async (handler: Handler, data: unknown, more: object = {}) => {
    const call = {
      handlerId: handler.id,
      requestId: '1700000000,0c6b1ba3-8c0b-4f0e-9d0c-5b6f1c1f0b11',
      by: everybody,
      headers: {},
      signal: new AbortController().signal,
      afterAnswer: (work: () => void) => void answered.push(work),
    };
    const { isStored } = await calls.raw(call, { events: [{ data, ...more }] }, { wait: false });
    return isStored;
  };
  return {
    calls,
    delivered,
    bring,
    make: () => new HandlerService({ store, tools, clock: systemClock }).create({ pipeline: [] }, everybody),
    answer() {
      for (const work of answered.splice(0)) work();
    },
    async untilDelivered(count: number) {
      while (delivered.length < count) {
        heard = Promise.withResolvers();
        if (delivered.length < count) await heard.promise;
      }
    },
    stored: async (handler: Handler) => (await calls.events(handler.id, {})).items.map(({ data }) => data),
  };
}

describeStores('events that a client does not wait for', (kind) => {
  test('are waited for where too much waits already, and no longer when that is stored', async () => {
    const place = await newPlace(kind);
    const store = await place.open();
    await store.start();
    const room = roomOn(store, { laterBytes: 8000 });
    const handler = await room.make();
    const large = 'x'.repeat(4000);
    expect(await room.bring(handler, large)).toBe(false);
    expect(await room.stored(handler)).toEqual([]);
    expect(await room.bring(handler, large)).toBe(true);
    expect(await room.stored(handler)).toEqual([large]);
    room.answer();
    await room.untilDelivered(2);
    expect(await room.stored(handler)).toEqual([large, large]);
    // The room is given back with the turn in which they are delivered.
    await room.calls.stop();
    expect(await room.bring(handler, large)).toBe(false);
    room.answer();
    await room.calls.stop();
    expect(await room.stored(handler)).toHaveLength(3);
    await store.stop();
    await place.remove();
  });

  test('many of them are all stored', async () => {
    const place = await newPlace(kind);
    const store = await place.open();
    await store.start();
    const room = roomOn(store);
    const handler = await room.make();
    for (let n = 0; n < 50; n++) await room.bring(handler, n);
    room.answer();
    await room.calls.stop();
    expect(room.delivered).toHaveLength(50);
    expect(await room.stored(handler)).toHaveLength(50);
    await store.stop();
    await place.remove();
  });
});

describe.skipIf(inject('postgresUrl') === null)('while the database is away', () => {
  async function onProxy() {
    const place = await newPlace('postgres');
    const url = new URL(place.databaseUrl!);
    const proxy = await cutProxy(Number(url.port || 5432), url.hostname);
    url.hostname = '127.0.0.1';
    url.port = String(proxy.port);
    const store = await openStore({
      databaseUrl: url.href,
      directory: place.directory,
      poolSize: 2,
      name: 'test',
      clock: systemClock,
      logger,
    });
    await store.start();
    const slept: number[] = [];
    let dozed = Promise.withResolvers<void>();
    const clock: Clock = {
      ...systemClock,
      sleep(ms, signal) {
        slept.push(ms);
        dozed.resolve();
        return systemClock.sleep(ms, signal);
      },
    };
    const room = roomOn(store, { clock });
    return {
      proxy,
      room,
      slept,
      async untilSlept(count: number) {
        while (slept.length < count) {
          dozed = Promise.withResolvers();
          if (slept.length < count) await dozed.promise;
        }
      },
      async end() {
        proxy.allow();
        await store.stop();
        await proxy.close();
        await place.remove();
      },
    };
  }

  test('they wait for it, with growing delays, and are stored once', async () => {
    const { proxy, room, slept, untilSlept, end } = await onProxy();
    const handler = await room.make();
    await room.bring(handler, 1, { event_id: crypto.randomUUID() });
    proxy.refuse();
    room.answer();
    await untilSlept(3);
    expect(slept).toEqual([125, 250, 500]);
    expect(room.delivered).toEqual([]);
    proxy.allow();
    await room.untilDelivered(1);
    await room.calls.stop();
    expect(room.delivered).toHaveLength(1);
    expect(await room.stored(handler)).toEqual([1]);
    await end();
  });

  test('a stop tries once more, and does not wait for longer', async () => {
    const { proxy, room, untilSlept, end } = await onProxy();
    const handler = await room.make();
    await room.bring(handler, 1);
    proxy.refuse();
    room.answer();
    await untilSlept(2);
    await room.calls.stop();
    expect(room.delivered).toEqual([]);
    proxy.allow();
    expect(await room.stored(handler)).toEqual([]);
    await end();
  });
});
