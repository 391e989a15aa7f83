import { afterEach, beforeEach, expect, test } from 'vitest';
import { type PluginFolder, pluginFolder } from '../support/plugins.ts';
import { startServer, type TestApi } from '../support/server.ts';
import { newPlace, type TestPlace } from '../support/stores.ts';

let place: TestPlace;
let folder: PluginFolder;
let api: TestApi & { server: { stop(): Promise<void> } };

const ask = async (method: string, path: string, body?: string | Buffer, type = 'text/plain') => {
  const answer = await fetch(`${api.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body, headers: { 'content-type': type } }),
  });
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
};

beforeEach(async () => {
  place = await newPlace('sqlite');
  folder = pluginFolder();
  folder.write(
    'tea',
    `class Pot extends BaseBackgroundHandler {
      get() { return this.response({ body: 'short and stout', statusCode: 418, headers: { 'x-pot': 'yes' } }); }
      post() { return this.response({ body: { got: this.request.body, kind: typeof this.request.body, caller: this.request.caller.principal } }); }
    }
    class Cup extends Pot {
      put() { return this.response({ body: Buffer.from([1, 2, 3]) }); }
    }
    export class Tea extends BaseBackgroundPlugin {
      initialize() {
        this.addRoute('/pot', Pot);
        this.addRoute('/cup', Cup);
        this.addRoute('/cups/:number', ({ params, query, path }) => ({ body: { params, query, path } }), { methods: ['get', 'delete'] });
        this.addRoute('/nothing', () => ({}), { methods: ['get'] });
        this.addRoute('/wrong', () => 5 as never, { methods: ['get'] });
        this.addRoute('/status', () => ({ statusCode: 99 }), { methods: ['get'] });
        this.addRoute('/header', () => ({ headers: { 'x-bad': 'a\\nb' } }), { methods: ['get'] });
        this.addRoute('/circle', () => { const body: Record<string, unknown> = {}; body.body = body; return { body }; }, { methods: ['get'] });
        this.addRoute('/code', () => { throw new RequestError('nonsense' as never, 'x'); }, { methods: ['get'] });
        this.addRoute('/throws', () => { throw new TypeError('secret inner thing'); }, { methods: ['get'] });
        this.addRoute('/refuses', () => { throw new RequestError('not_found', 'There is no cup 9.', { field: 'cup' }); }, { methods: ['get'] });
        for (const [path, target, options] of [['no-slash', () => ({}), { methods: ['get'] }], ['/x', () => ({}), { methods: ['copy'] }], ['/x', class {}, undefined], ['/pot', () => ({}), { methods: ['get'] }]] as const) {
          try { this.addRoute(path as never, target as never, options as never); } catch (error) { problems.push(error.message); }
        }
      }
      start() { try { this.addRoute('/late', Pot); } catch (error) { problems.push(error.message); } }
    }
    const problems: string[] = [];
    export class Problems extends BaseBackgroundPlugin {
      initialize() { this.addRoute('/problems', () => ({ body: problems }), { methods: ['get'] }); }
    }`,
  );
  api = await startServer(place, {
    environment: { ORDINAUT_PLUGINS_DIR: folder.path, ORDINAUT_ACTIVE_PLUGINS: 'tea' },
  });
});
afterEach(async () => {
  await api.server.stop();
  folder.remove();
  await place.remove();
});

test('a class answers the verbs it has methods for, those of its base classes too', async () => {
  expect(await ask('GET', '/plugins/tea/pot')).toEqual({
    status: 418,
    type: 'text/plain; charset=utf-8',
    text: 'short and stout',
  });
  expect((await ask('GET', '/api/v1/plugins/tea/cup')).status).toBe(418);
  expect(await ask('PUT', '/plugins/tea/cup')).toMatchObject({ status: 200, type: 'application/octet-stream' });
  const refused = await api.call('PUT', '/plugins/tea/pot');
  expect(refused.status).toBe(405);
  expect(refused.headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS');
  expect((await api.call('GET', '/plugins/tea/spoon')).status).toBe(404);
});

test('a route sees parameters, query, path and body as they came', async () => {
  expect((await api.call('GET', '/plugins/tea/cups/a%20b?x=1&x=2&y=3')).body).toEqual({
    params: { number: 'a b' },
    query: { x: ['1', '2'], y: '3' },
    path: '/cups/a%20b',
  });
  expect((await api.call('POST', '/plugins/tea/pot', { sugar: 2 })).body).toMatchObject({ got: { sugar: 2 } });
  expect(JSON.parse((await ask('POST', '/plugins/tea/pot', 'plain')).text)).toMatchObject({ got: 'plain' });
  expect(JSON.parse((await ask('POST', '/plugins/tea/pot', Buffer.from([1]), 'image/png')).text)).toMatchObject({
    kind: 'object',
  });
  expect(await ask('GET', '/plugins/tea/nothing')).toMatchObject({ status: 204, text: '' });
});

test('what a route throws is told as the error body, with nothing of its inside', async () => {
  const failed = await api.call<Record<string, unknown>>('GET', '/plugins/tea/throws');
  expect(failed).toMatchObject({
    status: 500,
    body: {
      error: 'internal_error',
      message: 'The plugin failed.',
      details: { plugin: 'tea', error_type: 'TypeError' },
    },
  });
  expect(JSON.stringify(failed.body)).not.toContain('secret');
  for (const path of ['wrong', 'status', 'header', 'circle', 'code'])
    expect(await api.call('GET', `/plugins/tea/${path}`), path).toMatchObject({
      status: 500,
      body: { error: 'internal_error', details: { plugin: 'tea' }, request_id: expect.any(String) },
    });
  expect(await api.call('GET', '/plugins/tea/refuses')).toMatchObject({
    status: 404,
    body: { error: 'not_found', message: 'There is no cup 9.', details: { field: 'cup' } },
  });
  expect((await api.call('POST', '/plugins/tea/pot', undefined)).status).toBe(200);
});

test('a route that cannot be is refused with its reason', async () => {
  expect((await api.call('GET', '/plugins/tea/problems')).body).toEqual([
    '"no-slash" is no path of a route; it begins with / and may have :name parts.',
    '"copy" is no method of a route; there are get, post, put, patch, delete.',
    'The route /x answers nothing: give its class a method get, or the function its methods.',
    'There is a route /pot already.',
    'The route /late comes too late: add routes in initialize().',
  ]);
});

test('whoever is refused at the door gets the error body, and strangers are not noted', async () => {
  const refused = await api.call('POST', '/plugins/tea/pot', {}, { authorization: 'Bearer nothing' });
  expect(refused).toMatchObject({ status: 401, body: { error: 'unauthorized', request_id: expect.any(String) } });
  const { body } = await api.call<{ items: { action: string }[] }>('GET', '/audit?limit=50');
  expect(body.items.filter(({ action }) => action.startsWith('plugins.'))).toEqual([]);
});

test('a compressed body is refused as everywhere, and JSON of any name is read', async () => {
  const compressed = await fetch(`${api.url}/plugins/tea/pot`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain', 'content-encoding': 'gzip' },
    body: 'x',
  });
  expect(compressed.status).toBe(415);
  expect(JSON.parse((await ask('POST', '/plugins/tea/pot', '{"a":1}', 'application/x+json')).text)).toMatchObject({
    got: { a: 1 },
  });
});

test('a request that changes something is in the audit log', async () => {
  await api.call('POST', '/plugins/tea/pot', {});
  const { body } = await api.call<{ items: { action: string; target: string }[] }>('GET', '/audit?limit=5');
  expect(body.items).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ action: 'plugins.tea.request', target: 'POST /plugins/tea/pot' }),
    ]),
  );
});
