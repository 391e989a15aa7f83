import { afterEach, beforeEach, expect, test } from 'vitest';
import { type InfluxReceiver, influxReceiver } from '../../support/influx-receiver.ts';
import { pluginOf } from '../../support/plugins.ts';
import { startServer } from '../../support/server.ts';
import { spawnServer } from '../../support/server-process.ts';
import { shipped, statusOf, until } from '../../support/shipped-plugins.ts';
import { newPlace, type TestPlace } from '../../support/stores.ts';

const name = 'batching_monitoring_plugin';
const token = 'token-that-nobody-may-see';

interface Status {
  readonly buffered: number;
  readonly written: number;
  readonly dropped: number;
}

let place: TestPlace;
let influx: InfluxReceiver;
const ends: (() => Promise<unknown>)[] = [];
const configOf = (config: Record<string, unknown>) => ({ url: influx.url, org: 'o', bucket: 'b c', token, ...config });

async function start(config: Record<string, unknown>, more: Record<string, string> = {}) {
  const environment = { ...shipped(name, configOf(config)), ...more };
  const api = await startServer(place, { environment });
  ends.push(() => api.server.stop());
  return api;
}
/** Points of requests to one route that the receiver has. */
const received = (route: string) => influx.points.filter(({ tags }) => tags.route === route);

beforeEach(async () => {
  place = await newPlace('sqlite');
  influx = await influxReceiver(token);
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await influx.close();
  await place.remove();
});

test('a full batch is written at once, as points of InfluxDB', async () => {
  const api = await start({ batchSize: 10, flushMs: 3_600_000, tags: { host: 'a b' } });
  for (let request = 0; request < 10; request++) await api.call('GET', '/tasks?limit=1');
  await until(() => influx.points.length === 10);
  expect(influx.writes).toEqual([10]);
  expect(influx.lastQuery).toEqual({ org: 'o', bucket: 'b c', precision: 'ns' });
  expect(influx.points[0]).toEqual({
    measurement: 'requests',
    tags: { host: 'a b', service: 'ordinaut', route: 'GET:/tasks', status_code: '200' },
    fields: { request_id: expect.any(String), execution_time: expect.any(Number) },
    time: expect.any(BigInt),
  });
  const age = BigInt(Date.now()) * 1_000_000n - influx.points[0]!.time!;
  expect(Number(age / 1_000_000n)).toBeLessThan(20_000);
  // None would replace another.
  expect(new Set(influx.points.map(({ time }) => time)).size).toBe(10);
  expect(await statusOf<Status>(api, name)).toEqual({ buffered: 0, written: 10, dropped: 0 });
  expect(await pluginOf(api, name)).toMatchObject({ kind: 'mixed', status: 'running' });
});

test('a batch that is not full is written when it is old', async () => {
  const api = await start({ batchSize: 1000, flushMs: 20 });
  await api.call('GET', '/tasks?limit=0');
  await until(() => influx.points.length >= 2);
  expect(influx.points.map(({ measurement }) => measurement).sort()).toEqual(['errors', 'requests']);
  expect(influx.points.find(({ measurement }) => measurement === 'errors')!.tags).toMatchObject({
    status_code: '400',
    error_code: 'bad_request',
  });
});

test('what InfluxDB cannot take for now is written later, not before it has said', async () => {
  const api = await start({ batchSize: 1000, flushMs: 20 });
  influx.failNext({ status: 429, headers: { 'retry-after': '1' } }, { status: 503 }, { status: 401 });
  await api.call('GET', '/tasks');
  await until(() => received('GET:/tasks').length > 0);
  expect(received('GET:/tasks')).toHaveLength(1);
  expect(influx.times).toHaveLength(4);
  expect(influx.times[1]! - influx.times[0]!).toBeGreaterThanOrEqual(990);
  expect((await statusOf<Status>(api, name)).dropped).toBe(0);
});

test('what InfluxDB refuses is dropped and counted, and the next points are written', async () => {
  const api = await start({ batchSize: 1000, flushMs: 20 });
  influx.failNext({ status: 400 });
  await api.call('GET', '/tasks');
  await until(async () => (await statusOf<Status>(api, name)).dropped > 0);
  await api.call('GET', '/runs');
  await until(() => received('GET:/runs').length === 1);
  expect(received('GET:/tasks')).toEqual([]);
});

test('an InfluxDB that is away is waited for, with the newest points in a buffer that does not grow', async () => {
  const { url } = influx;
  await influx.close();
  const api = await start({ url, batchSize: 5, flushMs: 20, bufferSize: 20 });
  for (let request = 0; request < 60; request++) await api.call('GET', '/tasks');
  const { buffered, dropped } = await statusOf<Status>(api, name);
  // Those of a batch under way come on top.
  expect(buffered).toBeLessThanOrEqual(25);
  expect(dropped).toBeGreaterThanOrEqual(30);
  influx = await influxReceiver(token, Number(new URL(url).port));
  await until(async () => (await statusOf<Status>(api, name)).written > 20);
});

test('what is buffered is written when the server stops', async () => {
  const api = await start({ batchSize: 1000, flushMs: 3_600_000 });
  for (let request = 0; request < 7; request++) await api.call('GET', '/tasks');
  influx.failNext({ status: 503 });
  await api.server.stop();
  expect(received('GET:/tasks')).toHaveLength(7);
});

test('a private address that is not opened is refused with the way out', async () => {
  const api = await start({}, { ORDINAUT_HTTP_ALLOW: '' });
  expect(await pluginOf(api, name)).toMatchObject({
    status: 'failed',
    error: expect.stringContaining('The setting ORDINAUT_HTTP_ALLOW opens hosts and ranges.'),
  });
  // Its other half has nobody to hand points to, and the server goes on.
  expect((await api.call('GET', '/tasks')).status).toBe(200);
});

test('the token is in no log', async () => {
  const server = await spawnServer(place, { ...shipped(name, configOf({ flushMs: 20 })), ORDINAUT_LOG_LEVEL: 'trace' });
  ends.push(() => server.end());
  influx.failNext({ status: 500 }, { status: 400 });
  const lines: string[] = [];
  await server.call('GET', '/tasks');
  await server.logged(({ msg }) => msg === 'InfluxDB has not taken the monitoring points');
  await server.logged((entry) => {
    lines.push(JSON.stringify(entry));
    return entry.msg === 'monitoring points are lost';
  });
  expect(lines.length).toBeGreaterThan(5);
  expect(lines.join('\n') + server.errors()).not.toContain(token);
});
