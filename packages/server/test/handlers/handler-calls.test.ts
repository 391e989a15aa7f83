import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Handler, Task } from '@ordinaut/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HandlerBatch } from '../../src/handlers/handler-batch.ts';
import { HandlerCalls } from '../../src/handlers/handler-calls.ts';
import { handlerEventRetention } from '../../src/handlers/handler-event-retention.ts';
import { HandlerService } from '../../src/handlers/handler-service.ts';
import type { Clock } from '../../src/kernel/clock.ts';
import type { Store } from '../../src/storage/store.ts';
import { ToolRegistry } from '../../src/tools/registry.ts';
import { startServer } from '../support/server.ts';
import { shiftedClock } from '../support/shifted-clock.ts';
import { describeStores, logger, newPlace, type TestPlace } from '../support/stores.ts';
import { toolOf } from '../tools/test-tools.ts';

const DAY_MS = 86_400_000;
const everybody = { principal: null, identity: null, scopes: ['*'] };

describeStores('calls of handlers', (kind) => {
  let place: TestPlace;
  let store: Store;
  let clock: Clock & { shift(ms: number): void };
  let tools: ToolRegistry;
  let answered: (() => void)[];
  let delivered: HandlerBatch[];
  beforeEach(async () => {
    place = await newPlace(kind);
    store = await place.open();
    await store.start();
    clock = shiftedClock();
    tools = new ToolRegistry();
    answered = [];
    delivered = [];
  });
  afterEach(async () => {
    await store.stop();
    await place.remove();
  });

  const calls = (deadlineMs?: number) =>
    new HandlerCalls({
      store,
      tools,
      clock,
      random: () => 0,
      logger,
      deliver: (batch) => void delivered.push(batch),
      ...(deadlineMs !== undefined && { deadlineMs }),
    });
  const handler = (pipeline: object[]): Promise<Handler> =>
    new HandlerService({ store, tools, clock }).create({ pipeline }, everybody);
  const call = (handlerId: string, signal = new AbortController().signal) => ({
    handlerId,
    requestId: '1700000000,0c6b1ba3-8c0b-4f0e-9d0c-5b6f1c1f0b11',
    by: everybody,
    headers: {},
    signal,
    afterAnswer: (work: () => void) => void answered.push(work),
  });

  test('the deadline ends the step under way, and nothing comes of the request', async () => {
    const seen = Promise.withResolvers<unknown>();
    tools.register(
      toolOf('hang', (_input, { signal }) => {
        signal.addEventListener('abort', () => seen.resolve(signal.reason));
        return new Promise(() => {});
      }),
    );
    const { id } = await handler([{ id: 'a', uses: 'hang', on_error: 'continue', max_retries: 5 }]);
    const room = calls(30);
    await expect(room.generate(call(id), {}, null)).rejects.toMatchObject({ code: 'timeout', status: 504 });
    expect(await seen.promise).toBeInstanceOf(Error);
    expect((await room.events(id, {})).items).toEqual([]);
    expect(answered).toEqual([]);
  });

  test('a wait that the deadline has no time for is refused at once; one that is interrupted ends', async () => {
    const { sleep } = await import('../../src/tools/builtin/sleep.ts');
    tools.register(sleep(clock));
    const room = calls(10_000);
    const long = await handler([{ id: 'a', uses: 'core.sleep', with: { seconds: 20 } }]);
    await expect(room.generate(call(long.id), {}, null)).rejects.toMatchObject({ code: 'pipeline_failed' });
    const stop = new AbortController();
    const { id } = await handler([{ id: 'a', uses: 'core.sleep', with: { seconds: 5 } }]);
    const waiting = room.generate(call(id, stop.signal), {}, null);
    stop.abort(new Error('The client has left.'));
    await expect(waiting).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('events are delivered after the answer, and only once they are stored', async () => {
    tools.register(toolOf('one', async () => ({ n: 1 })));
    const { id } = await handler([{ id: 'a', uses: 'one' }]);
    const room = calls();
    const { events } = await room.generate(call(id), {}, null);
    expect(delivered).toEqual([]);
    expect((await room.events(id, {})).items).toEqual(events);
    for (const work of answered.splice(0)) work();
    expect(delivered).toMatchObject([{ kind: 'generated', handlerId: id, events }]);

    await room.raw(call(id), { events: [{ data: 2 }] }, { wait: false });
    expect((await room.events(id, {})).items).toHaveLength(1);
    for (const work of answered.splice(0)) work();
    expect(delivered).toHaveLength(1);
    // Stopping waits for what was promised.
    await room.stop();
    expect(delivered).toMatchObject([{ kind: 'generated' }, { kind: 'raw' }]);
    expect((await room.events(id, {})).items).toHaveLength(2);
  });

  test('whoever fails with the events harms nobody', async () => {
    const { id } = await handler([]);
    const room = new HandlerCalls({
      store,
      tools,
      clock,
      random: () => 0,
      logger,
      deliver: () => {
        throw new Error('Not me.');
      },
    });
    for (const wait of [true, false]) {
      await room.raw(call(id), { events: [{ data: 1 }] }, { wait });
      for (const work of answered.splice(0)) work();
    }
    await room.stop();
    expect((await room.events(id, {})).items).toHaveLength(2);
  });

  test('what cannot be stored later is delivered to nobody', async () => {
    const { id } = await handler([]);
    const room = calls();
    const event_id = crypto.randomUUID();
    for (const data of [1, 2]) {
      await room.raw(call(id), { events: [{ data, event_id }] }, { wait: false });
      for (const work of answered.splice(0)) work();
      await room.stop();
    }
    expect(delivered.map(({ events }) => events[0]!.data)).toEqual([1]);
  });

  test('a handler is compiled once, and read again when it has changed', async () => {
    tools.register(toolOf('one', async () => 1));
    const { id } = await handler([{ id: 'a', uses: 'one' }]);
    const room = calls();
    await room.generate(call(id), {}, null);
    // A pipeline that is no JSON any more: whoever reads it again fails.
    await store.db.updateTable('handlers').set({ pipeline: '{' }).where('id', '=', id).execute();
    expect((await room.generate(call(id), {}, null)).events).toHaveLength(1);
    await store.db.updateTable('handlers').set({ version: 2 }).where('id', '=', id).execute();
    await expect(room.generate(call(id), {}, null)).rejects.toThrow(SyntaxError);
  });

  test('old events go, whenever they say that they were', async () => {
    const { id } = await handler([]);
    const room = calls();
    const bring = (data: number, create_time: string) =>
      room.raw(call(id), { events: [{ data, create_time }] }, { wait: true });
    await bring(1, '2099-01-01T00:00:00Z');
    await bring(2, '1999-01-01T00:00:00Z');
    const sweep = async () => {
      const service = handlerEventRetention({ store, clock, logger, days: 30 });
      await service.start();
      await service.stop();
      return (await room.events(id, {})).items.map(({ data }) => data);
    };
    expect(await sweep()).toEqual([2, 1]);
    clock.shift(31 * DAY_MS);
    expect(await sweep()).toEqual([]);
  });

  test('events are published also by whoever comes after a process that died with them', async () => {
    const { id } = await handler([]);
    await store.stop();
    const before = await startServer(place);
    const task: Task = await before.createTask({
      schedule_kind: 'event',
      schedule_expr: null,
      event_topic: `handler.${id.slice(0, 8)}*`,
      payload: { pipeline: [] },
    });
    await before.server.stop();
    // Nothing carries events here: what is stored is all there is, as after a kill.
    store = await place.open();
    await store.start();
    await calls().raw(call(id), { events: [{ data: 1 }] }, { wait: true });
    expect(await store.db.selectFrom('runs').select('id').execute()).toEqual([]);
    await store.stop();
    const after = await startServer(place);
    const [run] = await after.runsOf(task.id, 1);
    expect(run).toMatchObject({ trigger: 'event', status: 'succeeded' });
    await after.server.stop();
    store = await place.open();
    await store.start();
  });

  test('an event that cannot be noted is not stored', async () => {
    const { id } = await handler([]);
    const room = calls();
    await store.db.schema.alterTable('event_blocks').renameTo('gone').execute();
    await expect(room.raw(call(id), { events: [{ data: 1 }] }, { wait: true })).rejects.toThrow();
    await store.db.schema.alterTable('gone').renameTo('event_blocks').execute();
    expect((await room.events(id, {})).items).toEqual([]);
  });
});

/** Asks in a thread of its own, and says so when it has the whole answer. */
const asker = `
  const { workerData: { url, flag } } = require('node:worker_threads');
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"events":[{"data":1}]}' })
    .then((answer) => answer.text())
    .then(() => { Atomics.store(flag, 0, 1); Atomics.notify(flag, 0); });
`;

test('a client has its whole answer before anybody else is given the events', async () => {
  const place = await newPlace('sqlite');
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const outcome = Promise.withResolvers<string>();
  // Nothing else happens in this thread while it waits: what is not on its way yet does not arrive.
  const deliver = () => outcome.resolve(Atomics.wait(flag, 0, 0, 10_000));
  const api = await startServer(place, { onHandlerEvents: deliver });
  const { body } = await api.call<Handler>('POST', '/handlers', { pipeline: [] });
  const url = `${api.url}/handlers/${body.id}/events/raw`;
  const worker = new Worker(asker, { eval: true, workerData: { url, flag } });
  expect(await outcome.promise).not.toBe('timed-out');
  await once(worker, 'exit');
  await api.server.stop();
  await place.remove();
});
