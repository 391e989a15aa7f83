import type { GeneratedEvents, Handler, HandlerEvent, PluginInfo, RawEvents } from '@ordinaut/contract';
import { afterEach, expect, test } from 'vitest';
import { type ObjectStore, objectStore } from '../../support/object-store.ts';
import { pluginOf } from '../../support/plugins.ts';
import { startServer } from '../../support/server.ts';
import { shipped, until } from '../../support/shipped-plugins.ts';
import { newPlace, type TestPlace } from '../../support/stores.ts';

const NAME = 'event_sending_plugin_example';
const requestId = '1767225600,01890a5d-ac96-774b-bcce-b302099a8059';
const accountId = '6d071cca-fda5-4a03-84d5-5bea65904480';
const ends: (() => Promise<unknown>)[] = [];
let place: TestPlace;
let store: ObjectStore;

async function start() {
  place = await newPlace('sqlite');
  store = await objectStore();
  const api = await startServer(place, { environment: shipped(NAME, { url: store.url }) });
  ends.push(
    () => place.remove(),
    () => store.close(),
    () => api.server.stop(),
  );
  const { body } = await api.call<Handler>('POST', '/handlers', {
    pipeline: [{ id: 'take', uses: 'core.transform', with: { expression: '@', data: '${event.body}' } }],
  });
  return { api, handler: body };
}
const objects = () => store.buckets.get('plugin_test_bucket') ?? [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

test('activated by its name it makes its bucket, and sends the events of a handler call with the fields of its message', async () => {
  const { api, handler } = await start();
  expect(await pluginOf(api, NAME)).toMatchObject({
    kind: 'sending',
    status: 'running',
    classes: ['EventSendingPlugin'],
  } satisfies Partial<PluginInfo>);
  expect([...store.buckets.keys()]).toEqual(['plugin_test_bucket']);
  const headers = {
    'Luna-Request-Id': requestId,
    'Luna-Account-Id': accountId,
    'Luna-Event-Time': '2026-01-01T00:00:00Z',
    'Luna-Event-End-Time': '2026-01-01T00:00:01Z',
  };
  const made = await api.call<GeneratedEvents>(
    'POST',
    `/handlers/${handler.id}/events?source=gate&tags=a,b`,
    { events: [{ face: 1 }, { face: 2 }] },
    headers,
  );
  expect(made.status).toBe(201);
  expect(made.headers.get('luna-request-id')).toBe(requestId);
  await until(() => objects().length === 1);
  expect(objects()).toEqual([
    {
      handler_id: handler.id,
      account_id: accountId,
      'Luna-Request-Id': requestId,
      events: made.body.events,
      event_create_time: '2026-01-01T00:00:00.000Z',
      event_end_time: '2026-01-01T00:00:01.000Z',
    },
  ]);
  expect(made.body.events.map(({ data, source, tags }) => ({ data, source, tags }))).toEqual([
    { data: { face: 1 }, source: 'gate', tags: ['a', 'b'] },
    { data: { face: 2 }, source: 'gate', tags: ['a', 'b'] },
  ]);
});

test('events that a caller brings are sent too; a request that fails sends nothing', async () => {
  const { api, handler } = await start();
  expect((await api.call('POST', `/handlers/${handler.id}/events/raw`, { events: [{ tags: 5 }] })).status).toBe(400);
  const { body } = await api.call<RawEvents>('POST', `/handlers/${handler.id}/events/raw`, {
    events: [{ data: { face: 3 } }],
  });
  await until(() => objects().length > 0);
  const stored = await api.call<HandlerEvent>('GET', body.events[0]!.url);
  expect(objects()).toMatchObject([{ handler_id: handler.id, events: [stored.body] }]);
});

test('what is queued when the server stops is sent before its end, also where the store fails at first', async () => {
  const { api, handler } = await start();
  store.failNext(503, 503);
  for (let face = 0; face < 20; face += 1)
    expect((await api.call('POST', `/handlers/${handler.id}/events`, { face })).status).toBe(201);
  await api.server.stop();
  expect(objects().length).toBe(20);
});
