import { afterEach, beforeEach, expect, test } from 'vitest';
import { pluginOf, pluginsOf } from '../../support/plugins.ts';
import { listen, startServer, type TestApi } from '../../support/server.ts';
import { spawnServer } from '../../support/server-process.ts';
import { shipped, until } from '../../support/shipped-plugins.ts';
import { newPlace, type TestPlace } from '../../support/stores.ts';

let place: TestPlace;
const ends: (() => Promise<unknown>)[] = [];

async function start(name: string, config: Record<string, unknown> = {}, more: Record<string, string> = {}) {
  const api = await startServer(place, { environment: { ...shipped(name, config), ...more } });
  ends.push(() => api.server.stop());
  return api;
}
const ask = async (api: TestApi, path: string) => {
  const answer = await fetch(`${api.url}${path}`);
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
};

beforeEach(async () => {
  place = await newPlace('sqlite');
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  await place.remove();
});

test('the teapot answers, and grows warmer until the server stops', async () => {
  const api = await start('background_plugin_example', { periodMs: 10 });
  expect(await ask(api, '/plugins/background_plugin_example/teapot')).toEqual({
    status: 418,
    type: 'text/plain',
    text: 'I am teapot',
  });
  expect(await ask(api, '/plugins/background_plugin_example/teapot/version')).toMatchObject({
    status: 200,
    text: 'T800',
  });
  const temperature = async () =>
    (await api.call<{ temperature: number }>('GET', '/plugins/background_plugin_example/teapot/temperature')).body
      .temperature;
  const first = await temperature();
  await until(async () => (await temperature()) > first);
  await until(async () => (await temperature()) === 100);
  expect(await pluginOf(api, 'background_plugin_example')).toMatchObject({ kind: 'background', status: 'running' });
});

test('a point of each request, and one of each error, is posted as JSON', async () => {
  const heard: Record<string, unknown>[] = [];
  const peer = await listen((request, response) => {
    heard.push(JSON.parse(request.text));
    response.end();
  });
  ends.push(peer.close);
  const api = await start('request_monitoring_plugin_example', { url: peer.url });
  await api.call('GET', '/tasks?limit=1');
  await api.call('GET', '/tasks/01890a5d-ac96-774b-bcce-b302099a8057');
  await until(() => heard.length >= 3);
  const bare = { request_id: expect.any(String) };
  expect(heard).toEqual(
    expect.arrayContaining([
      {
        series: 'requests',
        event_time: expect.any(Number),
        tags: { service: 'ordinaut', route: 'GET:/tasks', status_code: 200 },
        fields: { ...bare, execution_time: expect.any(Number) },
      },
      expect.objectContaining({
        series: 'requests',
        tags: { service: 'ordinaut', route: 'GET:/tasks/{id}', status_code: 404 },
      }),
      expect.objectContaining({
        series: 'errors',
        tags: { service: 'ordinaut', route: 'GET:/tasks/{id}', status_code: 404, error_code: 'not_found' },
        fields: bare,
      }),
    ]),
  );
});

test('without a URL the points are in the log', async () => {
  const server = await spawnServer(place, shipped('request_monitoring_plugin_example'));
  ends.push(() => server.end());
  await server.call('GET', '/tasks');
  const entry = await server.logged(({ msg }) => msg === 'a monitoring point');
  expect(entry).toMatchObject({ plugin: 'request_monitoring_plugin_example', series: 'requests' });
});

test('a point that its peer refuses is counted as failed and nothing else', async () => {
  const peer = await listen((_request, response) => response.writeHead(503).end());
  ends.push(peer.close);
  const api = await start('request_monitoring_plugin_example', { url: peer.url });
  await api.call('GET', '/tasks');
  await until(async () => (await pluginOf(api, 'request_monitoring_plugin_example')).metrics.failed_total > 0);
  expect(await pluginOf(api, 'request_monitoring_plugin_example')).toMatchObject({ status: 'running' });
});

test('each says what is wrong with its configuration, and runs nothing', async () => {
  const wrong = {
    background_plugin_example: { periodMs: 1 },
    request_monitoring_plugin_example: { url: 'x' },
    event_sending_plugin_example: { bucket: '' },
    batching_monitoring_plugin: { org: 'o', bucket: 'b', token: 'a-secret-token', batchSize: 0 },
    redis_source_plugin: { url: 'http://:a-secret-password@host', stream: 's', topic: 'run.made' },
    rabbitmq_source_plugin: { url: 5672, topic: 't' },
  };
  const api = await start(Object.keys(wrong).join(','), {}, { ORDINAUT_PLUGIN_CONFIG: JSON.stringify(wrong) });
  const topics = 'a topic such as orders.received, none of the server (run, task, approval, alert, handler, extension)';
  const errors = Object.fromEntries((await pluginsOf(api)).map(({ name, status, error }) => [name, [status, error]]));
  const failed = (name: string, sentence: string) => ['failed', `ORDINAUT_PLUGIN_CONFIG, "${name}": ${sentence}`];
  expect(errors).toEqual({
    background_plugin_example: failed(
      'background_plugin_example',
      'periodMs is 1; it must be a whole number from 10 to 3600000.',
    ),
    request_monitoring_plugin_example: failed(
      'request_monitoring_plugin_example',
      'url is "x"; it must be a URL with http:// or https://.',
    ),
    event_sending_plugin_example: failed(
      'event_sending_plugin_example',
      'bucket is ""; it must be the name of a bucket.',
    ),
    batching_monitoring_plugin: failed(
      'batching_monitoring_plugin',
      'batchSize is 0; it must be a whole number from 1 to 100000.',
    ),
    redis_source_plugin: failed(
      'redis_source_plugin',
      `url is (hidden); it must be a URL with redis:// or rediss://. topic is "run.made"; it must be ${topics}.`,
    ),
    rabbitmq_source_plugin: failed(
      'rabbitmq_source_plugin',
      'url is (hidden); it must be a URL with amqp:// or amqps://. queue is missing; it must be the name of a queue that exists.',
    ),
  });
});
