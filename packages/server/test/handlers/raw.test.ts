import type {
  ErrorBody,
  EventList,
  FieldIssue,
  Handler,
  HandlerEvent,
  Page,
  RawEvents,
  Task,
} from '@ordinaut/contract';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { HandlerBatch } from '../../src/handlers/handler-batch.ts';
import { startServer } from '../support/server.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';

const own = '0c6b1ba3-8c0b-4f0e-9d0c-5b6f1c1f0b11';

describeStores('events that callers bring', (kind) => {
  let place: TestPlace;
  let api: Awaited<ReturnType<typeof startServer>>;
  let delivered: HandlerBatch[] = [];
  let onDelivery: (batch: HandlerBatch) => void = () => {};
  beforeAll(async () => {
    place = await newPlace(kind);
    const deliver = (batch: HandlerBatch) => {
      delivered.push(batch);
      onDelivery(batch);
    };
    api = await startServer(place, { onHandlerEvents: deliver });
  });
  afterAll(async () => {
    await api?.server.stop();
    await place?.remove();
  });
  beforeEach(() => {
    delivered = [];
  });

  const handler = async (input: object = { pipeline: [] }): Promise<string> =>
    (await api.call<Handler>('POST', '/handlers', input)).body.id;
  const bring = <Body = RawEvents>(id: string, body: unknown, query = '', headers: Record<string, string> = {}) =>
    api.call<Body>('POST', `/handlers/${id}/events/raw${query}`, body, headers);
  const nextBatch = () =>
    new Promise<HandlerBatch>((resolve) => {
      onDelivery = resolve;
    });
  const listed = async (id: string) => (await api.call<Page<HandlerEvent>>('GET', `/handlers/${id}/events`)).body.items;

  test('they are stored as they were brought, with what the request says of the rest', async () => {
    const id = await handler();
    const batch = nextBatch();
    const { status, body } = await bring(
      id,
      {
        events: [
          {
            data: { a: [null, 1] },
            source: 's',
            user_data: 'u',
            external_id: 'e',
            track_id: 't',
            tags: ['x', ' y ', 'x'],
            event_id: own.toUpperCase(),
            create_time: '2026-03-01T09:00:00Z',
            end_time: '2026-03-01T09:00:01Z',
          },
          { data: null },
        ],
      },
      '',
      { 'luna-event-time': '2026-02-01T00:00:00Z', 'luna-event-end-time': '2026-02-02T00:00:00Z' },
    );
    expect(status).toBe(201);
    expect(body.events[0]).toEqual({ event_id: own, url: `/handlers/events/${own}` });
    const [second, first] = await listed(id);
    expect(first).toMatchObject({
      event_id: own,
      data: { a: [null, 1] },
      source: 's',
      user_data: 'u',
      external_id: 'e',
      track_id: 't',
      tags: ['x', 'y'],
      create_time: '2026-03-01T09:00:00.000Z',
      end_time: '2026-03-01T09:00:01.000Z',
    });
    expect(second).toMatchObject({
      event_id: body.events[1]!.event_id,
      data: null,
      source: null,
      tags: [],
      create_time: '2026-02-01T00:00:00.000Z',
      end_time: '2026-02-02T00:00:00.000Z',
    });
    expect((await api.call('GET', body.events[1]!.url)).body).toEqual(second);
    expect((await api.call('GET', `/handlers/events/${own.toUpperCase()}`)).body).toEqual(first);
    expect(await batch).toMatchObject({
      kind: 'raw',
      handlerId: id,
      events: [first, second],
      createEventTime: '2026-02-01T00:00:00.000Z',
    });
  });

  test('an id that an event has already is a conflict, and nothing is stored', async () => {
    const id = await handler();
    const taken = crypto.randomUUID();
    expect((await bring(id, { events: [{ data: 1, event_id: taken }] })).status).toBe(201);
    delivered = [];
    const again = await bring<ErrorBody>(id, { events: [{ data: 2 }, { data: 3, event_id: taken }] });
    expect(again).toMatchObject({ status: 409, body: { error: 'conflict', details: { event_id: taken } } });
    expect(await listed(id)).toHaveLength(1);
    expect(delivered).toEqual([]);
  });

  test('every wrong field is named with its index, and nothing is stored', async () => {
    const id = await handler();
    const wrong = async (body: unknown) => {
      const answer = await bring<ErrorBody>(id, body);
      expect(answer.status).toBe(400);
      return (answer.body.details.errors as FieldIssue[]).map(({ field }) => field).toSorted();
    };
    expect(
      await wrong({
        events: [
          { data: 1 },
          {
            sorce: 'x',
            source: 'x'.repeat(129),
            user_data: 1,
            tags: ['', 'y'.repeat(129), 3],
            event_id: 'x',
            create_time: 'now',
          },
        ],
      }),
    ).toEqual(
      [
        'events[1].create_time',
        'events[1].data',
        'events[1].event_id',
        'events[1].sorce',
        'events[1].source',
        'events[1].tags[0]',
        'events[1].tags[1]',
        'events[1].tags[2]',
        'events[1].user_data',
      ].toSorted(),
    );
    expect(
      await wrong({
        events: [
          { data: 1, event_id: own.replace('0c', '1c'), source: 'a\u0000b' },
          { data: 2, event_id: own.replace('0c', '1C'), tags: ['a,b', ' '] },
          { data: 3, create_time: '2026-01-02T00:00:00Z', end_time: '2026-01-01T00:00:00Z' },
        ],
      }),
    ).toEqual([
      'events[0].source',
      'events[1].event_id',
      'events[1].tags[0]',
      'events[1].tags[1]',
      'events[2].end_time',
    ]);
    expect(await wrong({ events: [] })).toEqual(['events']);
    expect(await wrong({ events: Array.from({ length: 501 }, () => ({ data: 1 })) })).toEqual(['events']);
    expect(await wrong({})).toEqual(['events']);
    expect(await wrong([])).toEqual(['']);
    const large = await bring<ErrorBody>(id, { events: [{ data: 1 }, { data: 'x'.repeat(262_144) }] });
    expect(large).toMatchObject({ status: 413, body: { error: 'payload_too_large' } });
    expect(large.body.message).toContain('events[1] has');
    expect((await bring(id, { events: [{ data: 1 }] }, '', { 'luna-account-id': 'x' })).status).toBe(400);
    expect((await bring(id, { events: [{ data: 1 }] }, '?wait_saving=maybe')).status).toBe(400);
    expect(await listed(id)).toEqual([]);
    expect(delivered).toEqual([]);
  });

  test('whoever does not wait is answered before they are stored, and they are delivered after it', async () => {
    const id = await handler({ is_dynamic: true });
    const batch = nextBatch();
    const { status, body } = await bring(id, { events: [{ data: 1 }] }, '?wait_saving=false');
    expect(status).toBe(202);
    expect((await batch).events.map(({ event_id }) => event_id)).toEqual(body.events.map(({ event_id }) => event_id));
    expect(await listed(id)).toMatchObject(body.events);
  });

  test('they are published in order, and tasks act on them', async () => {
    const id = await handler();
    const task = await api.createTask({
      schedule_kind: 'event',
      schedule_expr: null,
      // Not all of them: what the test before this has published may still be on its way.
      event_topic: `handler.${id.slice(0, -1)}*`,
      payload: { pipeline: [{ id: 'say', uses: 'core.echo', with: { got: '${params.event}' } }] },
    });
    const other = await api.call<Task>('POST', '/tasks', {
      title: 'other',
      schedule_kind: 'condition',
      event_topic: `handler.${id}`,
      schedule_expr: 'payload.data.level > `1`',
      payload: { pipeline: [] },
    });
    await bring(id, { events: [{ data: { level: 1, chain: 99 } }, { data: { level: 2 } }] });
    const runs = await api.runsOf(task.id, 2);
    expect(runs.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
    const seen = runs.map(({ params }) => (params as { event: { payload: HandlerEvent; topic: string } }).event);
    expect(seen.map(({ topic }) => topic)).toEqual([`handler.${id}`, `handler.${id}`]);
    const stored = await listed(id);
    expect(seen.map(({ payload }) => payload).toSorted(byId)).toEqual(stored.toSorted(byId));
    expect(await api.runsOf(other.body.id, 1)).toHaveLength(1);
    const recent = (await api.call<EventList>('GET', '/events/stream/recent')).body.items.filter(
      ({ topic }) => topic === `handler.${id}`,
    );
    expect(recent.map(({ data }) => data)).toEqual(stored);
    expect(recent[0]).toMatchObject({ stream: 'core', source: 'core' });
    await Promise.all([task.id, other.body.id].map((each) => api.call('POST', `/tasks/${each}/cancel`)));
  });

  test('nobody outside publishes under their topics', async () => {
    const { status } = await api.call('POST', '/events', { topic: `handler.${own}`, payload: 1 });
    expect(status).toBe(400);
  });
});

const byId = (a: HandlerEvent, b: HandlerEvent): number => (a.event_id < b.event_id ? -1 : 1);
