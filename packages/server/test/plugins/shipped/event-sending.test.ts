import { Event, type EventBatch, type HandlerEventDict, RawEvent } from '@ordinaut/kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCompiler } from '../../../src/code/compile.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { Containment } from '../../../src/containment/attribution.ts';
import { Watchdog } from '../../../src/containment/watchdog.ts';
import { systemClock } from '../../../src/kernel/clock.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';
import { GuardedHttpClient } from '../../../src/outgoing/guarded-client.ts';
import { openPlugins } from '../../../src/plugins/open-plugins.ts';
import { newStreamsPlace, type StreamsPlace } from '../../events/stream-places.ts';
import { type ObjectStore, objectStore } from '../../support/object-store.ts';
import { environmentOf } from '../../support/server.ts';
import { shipped, until } from '../../support/shipped-plugins.ts';
import { logger, newPlace, type TestPlace } from '../../support/stores.ts';

const handlerId = '01890a5d-ac96-774b-bcce-b302099a8057';
const accountId = '6d071cca-fda5-4a03-84d5-5bea65904480';

const dict = (source: string): HandlerEventDict => ({
  event_id: '01890a5d-ac96-774b-bcce-b302099a8058',
  url: '/handlers/events/01890a5d-ac96-774b-bcce-b302099a8058',
  handler_id: handlerId,
  account_id: accountId,
  create_time: '2026-01-01T00:00:00Z',
  end_time: '2026-01-01T00:00:01Z',
  source,
  user_data: null,
  external_id: null,
  track_id: null,
  tags: ['a'],
  data: { x: 1 },
});
const batch = (events: EventBatch['events']): EventBatch => ({
  events,
  handlerId,
  accountId,
  requestId: '1767225600,01890a5d-ac96-774b-bcce-b302099a8059',
  createEventTime: '2026-01-01T00:00:00Z',
  endEventTime: '2026-01-01T00:00:01Z',
});
const message = (events: readonly HandlerEventDict[]) => ({
  handler_id: handlerId,
  account_id: accountId,
  'Luna-Request-Id': '1767225600,01890a5d-ac96-774b-bcce-b302099a8059',
  events,
  event_create_time: '2026-01-01T00:00:00Z',
  event_end_time: '2026-01-01T00:00:01Z',
});

let place: TestPlace;
let streams: StreamsPlace;
let store: ObjectStore;
const ends: (() => Promise<unknown>)[] = [];

/** The plugin in the host of the server. */
async function start(config: Record<string, unknown>, allow: readonly string[] = ['127.0.0.1']) {
  const http = new GuardedHttpClient({ allow });
  const host = openPlugins(loadConfig(environmentOf(place, shipped('event_sending_plugin_example', config)), {}), {
    compiler: createCompiler({ cacheDir: null, logger }),
    watchdog: new Watchdog({ logger }),
    containment: new Containment({ logger }),
    streams: await streams.open(),
    http,
    metrics: new Metrics(),
    clock: systemClock,
    random: Math.random,
    logger,
  });
  await host.start();
  ends.push(
    () => http.close(),
    () => host.stop(),
  );
  return { host, plugin: host.plugins[0]! };
}

beforeEach(async () => {
  place = await newPlace('sqlite');
  streams = await newStreamsPlace('sqlite');
  store = await objectStore();
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await store.close();
  await streams.remove();
  await place.remove();
});

test('makes its bucket and puts the events of a request into it, generated and raw ones', async () => {
  const { host, plugin } = await start({ url: store.url });
  expect(plugin.status).toBe('running');
  host.tell('sending_event', { batch: batch([new Event(dict('one')), new Event(dict('two'))]), bytes: 1000 });
  await until(() => store.buckets.get('plugin_test_bucket')?.length === 1);
  host.tell('sending_event', { batch: batch([new RawEvent(dict('three'))]), bytes: 1000 });
  await until(() => store.buckets.get('plugin_test_bucket')?.length === 2);
  expect(store.buckets.get('plugin_test_bucket')).toEqual([
    message([dict('one'), dict('two')]),
    message([dict('three')]),
  ]);
  expect(store.asked).toEqual([
    'POST /1/buckets?bucket=plugin_test_bucket',
    'POST /1/buckets/plugin_test_bucket/objects',
    'POST /1/buckets/plugin_test_bucket/objects',
  ]);
});

test('a bucket that is there already is used', async () => {
  await start({ url: store.url, bucket: 'a b' });
  const { plugin } = await start({ url: store.url, bucket: 'a b' });
  expect(plugin.status).toBe('running');
  expect(store.asked).toEqual(['POST /1/buckets?bucket=a%20b', 'POST /1/buckets?bucket=a%20b']);
});

test('a bucket that cannot be made is its failure', async () => {
  store.failNext(500);
  const { plugin } = await start({ url: store.url });
  expect(plugin.status).toBe('failed');
  expect(plugin.error).toBe('failed create bucket, plugin_test_bucket, response: 500 {"error":"as asked for"}');
});

test('events that are not taken are sent again', async () => {
  const { host, plugin } = await start({ url: store.url });
  store.failNext(503, 404);
  host.tell('sending_event', { batch: batch([new Event(dict('one'))]), bytes: 1000 });
  await until(() => store.buckets.get('plugin_test_bucket')?.length === 1);
  expect(store.asked).toHaveLength(4);
  expect(plugin.runners[0]!.counts).toMatchObject({ retried: 2, failed: 0 });
});

test('a private address that is not opened is refused with the way out', async () => {
  const { plugin } = await start({ url: store.url }, []);
  expect(plugin.status).toBe('failed');
  expect(plugin.error).toContain('The setting ORDINAUT_HTTP_ALLOW opens hosts and ranges.');
  expect(store.asked).toEqual([]);
});
