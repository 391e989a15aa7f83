import { createServer } from 'node:net';
import type { EventList, EventPublication, Health, Page, RunSummary, Task } from '@ordinaut/contract';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStreams } from '../../src/events/open-streams.ts';
import { extensionStream, type OpenStreams } from '../../src/events/streams.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { newId } from '../../src/kernel/ids.ts';
import { notedRow } from '../../src/storage/run-events.ts';
import { type PrivateRedis, privateRedis } from '../support/redis.ts';
import { startServer } from '../support/server.ts';
import { logger, newPlace, type TestPlace } from '../support/stores.ts';

const redis: PrivateRedis | null = await privateRedis();

describe.skipIf(redis === null)('events carried by Redis', () => {
  let place: TestPlace;
  afterAll(() => redis?.stop());
  beforeEach(async () => {
    place = await newPlace('sqlite');
  });
  afterEach(() => place.remove());

  const start = () => startServer(place, { environment: { REDIS_URL: redis!.url } });
  type Api = Awaited<ReturnType<typeof start>>;
  const publish = (api: Api, topic: string, payload: unknown) =>
    api.call<EventPublication>('POST', '/events', { topic, payload });
  const onEvent = (api: Api, event_topic: string): Promise<Task> =>
    api.createTask({
      schedule_kind: 'event',
      schedule_expr: null,
      event_topic,
      payload: { pipeline: [{ id: 'say', uses: 'core.echo', with: { got: '${params.event.payload}' } }] },
    } as never);

  test('an event starts its tasks once, and is carried to Redis; so are the changes of the runs', async () => {
    const api = await start();
    const { id } = await onEvent(api, 'deploy.*');
    const after = await onEvent(api, 'run.succeeded');
    const published = await publish(api, 'deploy.done', { n: 1 });
    expect(published).toMatchObject({ status: 202, body: { details: { triggered_tasks: [id] } } });
    const [run] = await api.runsOf(id, 1);
    expect(run!.params).toMatchObject({
      event: { topic: 'deploy.done', payload: { n: 1 }, event_id: published.body.details.event_id },
    });
    await api.runsOf(after.id, 1);
    const recent = await api.call<EventList>('GET', '/events/stream/recent?count=100');
    const topics = recent.body.items.map((event) => event.topic);
    expect(topics).toEqual(expect.arrayContaining(['deploy.done', 'run.started', 'run.succeeded', 'task.created']));
    expect(recent.body.items.find((event) => event.topic === 'deploy.done')!.id).toBe(published.body.details.stream_id);
    const runs = await api.call<Page<RunSummary>>('GET', `/runs?task_id=${id}`);
    expect(runs.body.total).toBe(1);
    await api.server.stop();
  });

  test('while Redis is away publishing is refused, the health says so, and what was noted is carried afterwards', async () => {
    const api = await start();
    await redis!.halt();
    const health = async () => (await api.call<Health>('GET', '/health')).body;
    while ((await health()).status === 'healthy');
    expect((await health()).checks.find((check) => check.name === 'events')).toMatchObject({ status: 'degraded' });
    expect(await publish(api, 'a.b', 1)).toMatchObject({ status: 503, body: { error: 'unavailable' } });
    const task = await api.createTask({ payload: { pipeline: [] } });
    await redis!.resume();
    while ((await health()).status !== 'healthy');
    expect((await publish(api, 'a.b', 2)).status).toBe(202);
    const created = async () =>
      (await api.call<EventList>('GET', '/events/stream/recent?count=1000')).body.items.filter(
        (event) => event.topic === 'task.created' && (event.data as { task_id: string }).task_id === task.id,
      );
    while ((await created()).length === 0);
    expect(await created()).toHaveLength(1);
    await api.server.stop();
  });

  test('what a process has left that died before it was sent is sent by the next, with its own id', async () => {
    const store = await place.open();
    await store.start();
    const { id, ...row } = notedRow('left.behind', ['{"n":1}'], Date.now());
    const left = newId();
    await store.db
      .insertInto('event_blocks')
      .values({ ...row, id: left, settled: 1, held_until: Date.now() - 1 })
      .execute();
    const set = { version: 0, watches: () => false, watchesFamily: () => false, runsOf: () => [] };
    const streams: OpenStreams = await openStreams({
      store,
      redisUrl: redis!.url,
      redisPrefix: `${newId()}:`,
      trigger: { current: async () => set, refresh: async () => set },
      clock: systemClock,
      logger,
      instance: 'second',
    });
    const seen = Promise.withResolvers<unknown>();
    await streams.start();
    await streams.subscribe({ group: 'g', pattern: 'left.*', handler: (event) => seen.resolve(event.eventId) });
    while ((await streams.recent(1)).length === 0);
    expect((await streams.recent(10)).map((event) => [event.eventId, event.data])).toEqual([[left, { n: 1 }]]);
    expect(id).not.toBe(left);
    while ((await store.db.selectFrom('event_blocks').select('id').execute()).length > 0);
    // The stream of an extension has no row at all.
    await streams.publish({ stream: extensionStream('x', 'left.now'), topic: 'left.now', data: 1, source: 'ext.x' });
    await seen.promise;
    await streams.stop();
    await store.stop();
  });

  test('an old Redis, and none at all, are told in a sentence', async () => {
    const old = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (data) => {
        const info = '# Server\r\nredis_version:6.2.6\r\n';
        for (const _ of String(data).matchAll(/\*\d+\r\n/g)) {
          socket.write(/info/i.test(String(data)) ? `$${info.length}\r\n${info}\r\n` : '+OK\r\n');
        }
      });
    });
    await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
    const { port } = old.address() as { port: number };
    const startOn = (url: string) => startServer(place, { environment: { REDIS_URL: url } });
    await expect(startOn(`redis://127.0.0.1:${port}`)).rejects.toThrow(/Redis cannot be used .*6\.2\.6.*7 or newer/);
    old.close();
    await expect(startOn('redis://127.0.0.1:1')).rejects.toThrow(/Redis cannot be used .*Check REDIS_URL/);
  });
});
