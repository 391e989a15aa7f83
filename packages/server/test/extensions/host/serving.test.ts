import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { ErrorBody, ExtensionsStatus, OperationResult } from '@ordinaut/contract';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type ExtensionServer, useExtensions } from '../../support/extension-server.ts';
import { hello, metricOf, setup, statusOfOne } from '../../support/extensions.ts';

const place = useExtensions();
const routes = (body: string) => ({ manifest: { grants: ['ROUTES'] }, code: setup(body) });

/** A path as it is, without the tidying that `fetch` does. */
async function rawGet(
  api: ExtensionServer,
  path: string,
  headers = {},
): Promise<{ status: number; text: string; headers: object }> {
  const asked = request(`${api.url}/`, { path, headers, agent: false }).end();
  const [response] = await once(asked, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, text, headers: response.headers };
}

test('an extension is served below its id, with and without the prefix of the API', async () => {
  place.folder.write(
    'site',
    routes(
      "ctx.routes.get('/a/:name', async (request) => ({ name: request.params.name, query: request.query, url: request.url, asked: request.originalUrl }));",
    ),
  );
  const api = await place.start();
  for (const prefix of ['', '/api/v1']) {
    const { body, headers } = await api.call('GET', `${prefix}/ext/site/a/b?c=d`);
    expect(body).toEqual({ name: 'b', query: { c: 'd' }, url: '/a/b?c=d', asked: `${prefix}/ext/site/a/b?c=d` });
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  }
  const own = await api.call('GET', '/ext/site/a/b', undefined, { 'x-request-id': 'mine-1' });
  expect(own.headers.get('x-request-id')).toBe('mine-1');
});

test('an extension may have the name of what every object has', async () => {
  place.folder.write('constructor', {
    manifest: { grants: ['ROUTES'], config: { properties: {} } },
    code: setup("ctx.routes.get('/settings', async () => ctx.config);"),
  });
  const api = await place.start();
  expect((await api.call('GET', '/ext/constructor/settings')).body).toEqual({});
});

test('what is wrong gets the error body of the catalogue', async () => {
  place.folder.write(
    'site',
    routes(`
    ctx.routes.get('/fail', async () => { throw new TypeError('secret detail'); });
    ctx.routes.get('/refuse', async () => { throw new RequestError('conflict', 'Taken.', { name: 'x' }); });
    ctx.routes.post('/body', { schema: { body: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] } } }, async (request) => request.body);`),
  );
  const api = await place.start({ ORDINAUT_BODY_LIMIT_BYTES: '2000' });
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await api.call<ErrorBody>(method, `/ext/site${path}`, body);
    return [answer.status, answer.body.error, answer.body.details];
  };
  expect(await ask('GET', '/fail')).toEqual([500, 'internal_error', { extension_id: 'site', error_type: 'TypeError' }]);
  expect(await ask('GET', '/refuse')).toEqual([409, 'conflict', { name: 'x' }]);
  expect(await ask('GET', '/nothing')).toEqual([
    404,
    'not_found',
    { what: 'path', id: '/ext/site/nothing', extension_id: 'site' },
  ]);
  expect(await ask('DELETE', '/body')).toEqual([
    405,
    'method_not_allowed',
    expect.objectContaining({ allowed: ['POST'] }),
  ]);
  expect(await ask('POST', '/body', { n: 'x' })).toEqual([400, 'bad_request', expect.objectContaining({ field: 'n' })]);
  expect(await ask('POST', '/body', { n: 1, long: 'x'.repeat(3000) })).toEqual([
    413,
    'payload_too_large',
    { limit_bytes: 2000 },
  ]);
  const unknown = await api.call<ErrorBody>('GET', '/ext/sit/x');
  expect([unknown.status, unknown.body.details]).toEqual([404, { extension_id: 'sit' }]);
  expect(unknown.body.message).toContain('site');
  for (const path of ['/ext/../x', '/ext/..%2fsite/x', '/ext/%2e%2e/x', '/ext//x', '/ext/si te/x'.replace(' ', '%20')])
    expect((await rawGet(api, path)).status, path).toBe(404);
});

test.each([
  ['nothing', 'throw undefined;'],
  ['null', 'throw null;'],
  ['a text', "throw 'secret';"],
  ['a frozen error', "throw Object.freeze(new Error('secret'));"],
  ['an error without a stack', "throw Object.assign(new Error('secret'), { stack: { secret: 1 } });"],
])('a route that throws %s is answered as any other that fails', async (_what, code) => {
  place.folder.write('site', routes(`ctx.routes.get('/fail', async () => { ${code} });`));
  const api = await place.start({ ORDINAUT_LOG_LEVEL: 'silent' });
  const { status, body } = await api.call<ErrorBody>('GET', '/ext/site/fail');
  expect([status, body.error, body.details]).toEqual([
    500,
    'internal_error',
    { extension_id: 'site', error_type: 'Error' },
  ]);
  expect(JSON.stringify(body)).not.toContain('secret');
});

test('with --dev the answer to a failure carries its stack, with the lines of the author', async () => {
  place.folder.write('site', routes("ctx.routes.get('/fail', async () => { throw new TypeError('look here'); });"));
  const api = await place.start({ ORDINAUT_DEV: '1' });
  const { body } = await api.call<ErrorBody>('GET', '/ext/site/fail');
  expect(body.details.traceback).toMatch(/TypeError: look here\n.*site\/extension\.ts:2:\d+/);
});

test('a request that takes too long is answered with 504, and what comes later is not sent', async () => {
  place.folder.write('site', {
    manifest: { grants: ['ROUTES'], limits: { requestTimeoutMs: 50 } },
    code: setup(`
      ctx.routes.get('/hang', () => new Promise(() => {}));
      ctx.routes.get('/late', async (request, reply) => { await new Promise((done) => reply.raw.on('close', done)); return 'late'; });
      ctx.routes.get('/hello', async () => ({ ok: true }));`),
  });
  const api = await place.start();
  for (const path of ['/hang', '/late']) {
    const { status, body } = await api.call<ErrorBody>('GET', `/ext/site${path}`);
    expect([status, body.error, body.details]).toEqual([504, 'timeout', { extension_id: 'site' }]);
  }
  expect((await rawGet(api, '/ext/site/hang', { upgrade: 'websocket' })).status).toBe(504);
  expect((await api.call('GET', '/ext/site/hello')).body).toEqual({ ok: true });
});

test('more requests than the limit wait for their turn', async () => {
  place.folder.write('site', {
    manifest: { grants: ['ROUTES'], limits: { concurrency: 2 } },
    code: setup(`
      let inside = 0; let most = 0;
      ctx.routes.get('/work', async () => { most = Math.max(most, ++inside); await new Promise((done) => setImmediate(done)); inside--; return { most }; });`),
  });
  const api = await place.start();
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => api.call<{ most: number }>('GET', '/ext/site/work')),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
  expect(Math.max(...answers.map(({ body }) => body.most))).toBe(2);
});

test.each([
  ['a client that has left leaves its place to the next who waits', '/hold', true],
  ['a request that has become a stream gives its place back', '/stream', false],
])('%s', async (_what, path, leaves) => {
  place.folder.write('site', {
    manifest: { grants: ['ROUTES'], limits: { concurrency: 1 } },
    code: setup(`
      const gate = globalThis.siteGate = new EventTarget();
      const hold = () => new Promise((done) => { gate.addEventListener('go', done, { once: true }); gate.dispatchEvent(new Event('held')); });
      ctx.routes.get('/hold', async () => { await hold(); return {}; });
      ctx.routes.get('/stream', async (request, reply) => {
        await hold();
        reply.hijack();
        reply.raw.setHeader('content-type', 'text/event-stream').flushHeaders();
      });
      ctx.routes.get('/hello', async () => ({ ok: true }));`),
  });
  const api = await place.start();
  await api.call('GET', '/ext/site/hello');
  const gate = (globalThis as unknown as { siteGate: EventTarget }).siteGate;
  const isHeld = once(gate, 'held');
  const first = request(`${api.url}/ext/site${path}`, { agent: false }).end();
  const answered = once(first, 'response');
  await isHeld;
  const second = request(`${api.url}/ext/site/hello`, { agent: false }).end();
  second.on('error', () => undefined);
  await once(second, 'finish');
  const third = api.call('GET', '/ext/site/hello');
  if (leaves) second.destroy();
  gate.dispatchEvent(new Event('go'));
  expect((await third).body).toEqual({ ok: true });
  const [response] = await answered;
  expect(response.statusCode).toBe(200);
  first.destroy();
});

test('more who wait than may are refused, and that ends nothing', async () => {
  place.folder.write('site', {
    manifest: { grants: ['ROUTES'], limits: { concurrency: 1 } },
    code: setup(`
      ctx.routes.get('/hold', async () => new Promise((done) => { globalThis.siteGo = done; }));
      ctx.routes.get('/hello', async () => ({ ok: true }));`),
  });
  const api = await place.start();
  await api.call('GET', '/ext/site/hello');
  const release = () => (globalThis as unknown as { siteGo?: (answer: object) => void }).siteGo;
  const held = api.call('GET', '/ext/site/hold');
  while (release() === undefined) await new Promise((resolve) => setImmediate(resolve));
  let refused = 0;
  const waiting = Array.from({ length: 40 }, async () => {
    const { status, body } = await api.call<ErrorBody>('GET', '/ext/site/hello');
    if (status === 503) {
      expect(body).toMatchObject({ error: 'unavailable', details: { extension_id: 'site', limit: 1 } });
      refused += 1;
      if (refused === 8) release()?.({});
    }
    return status;
  });
  expect((await Promise.all(waiting)).filter((status) => status === 200)).toHaveLength(32);
  expect((await held).status).toBe(200);
});

test('a stream is not limited in time', async () => {
  place.folder.write('site', {
    manifest: { grants: ['ROUTES'], limits: { requestTimeoutMs: 50 } },
    code: `import { Readable } from 'node:stream';
${setup(`
  const more = Promise.withResolvers();
  ctx.routes.get('/hang', () => new Promise(() => {}));
  ctx.routes.post('/more', async () => { more.resolve(); return {}; });
  ctx.routes.get('/stream', async (request, reply) => reply.header('content-type', 'text/event-stream').send(Readable.from((async function* () {
    yield 'data: 1\\n\\n';
    await more.promise;
    yield 'data: 2\\n\\n';
  })(), { objectMode: false })));`)}`,
  });
  const api = await place.start();
  const stream = await fetch(`${api.url}/ext/site/stream`);
  // One that began later has used up the same time: so has the stream.
  expect((await api.call('GET', '/ext/site/hang')).status).toBe(504);
  await api.call('POST', '/ext/site/more');
  expect((await stream.text()).match(/data/g)).toHaveLength(2);
  expect((await statusOfOne(api, 'site')).metrics.errors_total).toBe(1);
});

test('a client that would rather speak HTTP/2 is answered', async () => {
  const api = await place.start();
  const headers = {
    connection: 'Upgrade, HTTP2-Settings',
    upgrade: 'h2c',
    'http2-settings': 'AAMAAABkAAQAoAAAAAIAAAAA',
  };
  expect((await rawGet(api, '/health/live', headers)).status).toBe(200);
});

test('an extension that fails ten requests in a row is spared, and its neighbour is not touched', async () => {
  place.folder.write(
    'site',
    routes("ctx.routes.get('/fail', async () => { throw new Error('no'); }); ctx.routes.get('/ok', async () => ({}));"),
  );
  place.folder.write('neighbour', hello());
  const api = await place.start();
  for (let failure = 1; failure <= 10; failure += 1) expect((await api.call('GET', '/ext/site/fail')).status).toBe(500);
  const { status, headers, body } = await api.call<ErrorBody>('GET', '/ext/site/ok');
  expect([status, body.details]).toEqual([503, { extension_id: 'site', breaker: 'open' }]);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await statusOfOne(api, 'site')).toMatchObject({ state: 'loaded', breaker: 'open' });
  expect((await api.call('GET', '/ext/neighbour/hello')).status).toBe(200);
  expect(await metricOf(api, 'extension_breaker_open{extension="site"}')).toBe(1);
  expect((await api.call('POST', '/ext/site/reset')).status).toBe(200);
  expect((await api.call('GET', '/ext/site/ok')).status).toBe(200);
});

test('a WebSocket activates the extension, and is told to come back when it is replaced', async () => {
  place.folder.write(
    'chat',
    routes(
      "ctx.routes.get('/ws/:room', { websocket: true }, (socket, request) => { socket.on('message', (text) => socket.send(request.params.room + ': ' + text)); });",
    ),
  );
  const api = await place.start();
  const plain = await fetch(`${api.url}/ext/chat/ws/lobby`);
  expect([plain.status, plain.headers.get('upgrade')]).toEqual([426, 'websocket']);
  expect(await plain.json()).toMatchObject({ error: 'upgrade_required', details: { extension_id: 'chat' } });
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/ext/chat/ws/lobby`);
  await once(socket, 'open');
  socket.send('hi');
  const [message] = await once(socket, 'message');
  expect(String(message)).toBe('lobby: hi');
  expect(await metricOf(api, 'extension_active_connections{extension="chat",endpoint="/ws/{room}"}')).toBe(1);
  const closed = once(socket, 'close');
  expect((await api.call('POST', '/ext/chat/reload')).status).toBe(200);
  const [code] = await closed;
  expect(code).toBe(1012);
  const again = new WebSocket(`${api.url.replace('http', 'ws')}/ext/chat/ws/lobby`);
  await once(again, 'open');
  again.close();
  await once(again, 'close');
});

test.each([
  ['/ext/chat/nothing', 404],
  ['/ext/unknown/ws/x', 404],
  ['/tasks', 404],
])('a WebSocket to %s is refused with %i', async (path, status) => {
  place.folder.write('chat', routes("ctx.routes.get('/ws', { websocket: true }, () => {});"));
  const api = await place.start();
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}${path}`);
  const [, response] = (await once(socket, 'unexpected-response')) as [
    unknown,
    { statusCode: number; destroy(): void },
  ];
  expect(response.statusCode).toBe(status);
  response.destroy();
});

test('a page of another site may not open a WebSocket', async () => {
  place.folder.write('chat', routes("ctx.routes.get('/ws', { websocket: true }, () => {});"));
  const api = await place.start();
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/ext/chat/ws`, { origin: 'https://evil.example' });
  const [, response] = (await once(socket, 'unexpected-response')) as [
    unknown,
    { statusCode: number; destroy(): void },
  ];
  expect(response.statusCode).toBe(403);
  response.destroy();
});

test('static files have an index, an ETag and no way out of their folder', async () => {
  const folder = place.folder.write('page', {
    manifest: { grants: ['STATIC'], contributes: { static: [{ dir: 'public', at: '/' }] } },
    code: setup(''),
    files: {
      'public/index.html': '<h1>Hi</h1>',
      'public/app.js': 'let a;',
      'public/.env': 'KEY=1',
      'secret.txt': 'no',
    },
  });
  symlinkSync(join(folder, 'secret.txt'), join(folder, 'public/link.txt'));
  symlinkSync(folder, join(folder, 'public/up'));
  symlinkSync(join(folder, 'public/app.js'), join(folder, 'public/same.js'));
  const api = await place.start();
  expect(await (await fetch(`${api.url}/ext/page/same.js`)).text()).toBe('let a;');
  const page = await fetch(`${api.url}/ext/page/`);
  expect([page.status, await page.text()]).toEqual([200, '<h1>Hi</h1>']);
  expect(page.headers.get('content-type')).toContain('text/html');
  const etag = page.headers.get('etag') ?? '';
  expect(etag).not.toBe('');
  expect((await rawGet(api, '/ext/page/', { 'if-none-match': etag })).status).toBe(304);
  const bare = await fetch(`${api.url}/ext/page?x=1`, { redirect: 'manual' });
  expect([bare.status, bare.headers.get('location')]).toEqual([308, '/ext/page/?x=1']);
  for (const path of [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/.env',
    '/....//secret.txt',
    '/%00',
    '/..\\secret.txt',
    '/link.txt',
    '/up/secret.txt',
  ]) {
    const { status, text } = await rawGet(api, `/ext/page${path}`);
    expect(status, path).toBeGreaterThanOrEqual(400);
    expect(text, path).not.toMatch(/^no|KEY=1/);
  }
});

test('health has the standard body, also for an extension that has none and one that is not loaded', async () => {
  place.folder.write('plain', hello());
  place.folder.write('sick', {
    manifest: { grants: ['ROUTES'], version: '2.1.0' },
    code: setup(
      "ctx.routes.get('/hello', async () => 1); return { health: async () => ({ status: 'degraded', checks: { database: 'slow' } }) };",
    ),
  });
  const api = await place.start();
  const healthOf = async (id: string) => (await api.call<Record<string, unknown>>('GET', `/ext/${id}/health`)).body;
  expect(await healthOf('plain')).toMatchObject({ status: 'healthy', version: '1.0.0', checks: {} });
  expect((await statusOfOne(api, 'plain')).state).toBe('discovered');
  await api.call('GET', '/ext/plain/hello');
  await api.call('GET', '/ext/sick/hello');
  expect(await healthOf('plain')).toMatchObject({ status: 'healthy' });
  expect(await healthOf('sick')).toMatchObject({ status: 'degraded', version: '2.1.0', checks: { database: 'slow' } });
});

test('what an operator has disabled stays disabled after a restart', async () => {
  place.folder.write('site', hello());
  const first = await place.start();
  await first.call('GET', '/ext/site/hello');
  expect((await first.call('POST', '/ext/site/disable')).status).toBe(200);
  expect((await first.call('GET', '/ext/site/hello')).status).toBe(503);
  expect((await statusOfOne(first, 'site')).state).toBe('disabled');
  await first.server.stop();
  const second = await place.start();
  expect((await statusOfOne(second, 'site')).state).toBe('disabled');
  expect((await second.call('POST', '/ext/site/enable')).status).toBe(200);
  expect((await second.call('GET', '/ext/site/hello')).body).toEqual({ message: 'hello' });
});

test('the status has just the fields that are promised, and more when they are asked for', async () => {
  place.folder.write('site', hello());
  const api = await place.start();
  await api.call('GET', '/ext/site/hello');
  const plain = (await api.call<ExtensionsStatus>('GET', '/ext/status')).body;
  expect(plain.extensions.site).toEqual({
    state: 'loaded',
    info: { id: 'site', name: 'site', version: '1.0.0', description: '' },
    capabilities: ['ROUTES'],
    loaded_ms: expect.any(Number),
    metrics: { requests_total: 1, errors_total: 0, latency_ms_sum: expect.any(Number) },
  });
  expect({ ...plain, extensions: null }).toEqual({
    extensions: null,
    discovery_sources: ['builtin', 'env_dir'],
    total_extensions: 5,
    loaded_extensions: 1,
    failed_extensions: 0,
  });
  expect((await api.call<ExtensionsStatus>('GET', '/ext/status?effects=1')).body.extensions.site).toMatchObject({
    source: 'env_dir',
    generation: 1,
    breaker: 'closed',
    effects: expect.arrayContaining([{ kind: 'routes', label: '/ext/site' }]),
  });
});

test('a client that leaves says nothing of the extension, and how long a stream lasts is no latency', async () => {
  place.folder.write(
    'site',
    routes(`
      ctx.routes.get('/hang', () => new Promise(() => {}));
      ctx.routes.get('/stream', (request, reply) => {
        reply.hijack();
        reply.raw.setHeader('content-type', 'text/event-stream');
        reply.raw.write('data: 1\\n\\n');
      });`),
  );
  const api = await place.start();
  const leave = async (path: string, seen: 'none' | 'data') => {
    const asked = request(`${api.url}/ext/site${path}`, { agent: false }).end();
    asked.on('error', () => {});
    if (seen === 'data') await once((await once(asked, 'response'))[0], 'data');
    else while ((await metricOf(api, `extension_active_connections{extension="site",endpoint="${path}"}`)) === 0);
    asked.destroy();
  };
  const counted = async (series: string) => {
    while ((await metricOf(api, series)) === 0);
  };
  await leave('/hang', 'none');
  await counted('extension_requests_total{extension="site",endpoint="/hang",method="GET",status="499"}');
  await leave('/stream', 'data');
  await counted('extension_requests_total{extension="site",endpoint="/stream",method="GET",status="200"}');
  expect(
    await metricOf(api, 'extension_request_duration_seconds_count{extension="site",endpoint="/stream",method="GET"}'),
  ).toBe(0);
  expect(await statusOfOne(api, 'site')).toMatchObject({ breaker: 'closed', metrics: { errors_total: 0 } });
  await api.call('GET', '/ext/none/x');
  await counted('http_requests_total{method="GET",endpoint="/ext/{id}",status="404"}');
});

test('a manifest that says so stops the extension when it is read again, unless an operator has decided', async () => {
  place.folder.write('site', hello());
  const api = await place.start();
  await api.call('GET', '/ext/site/hello');
  place.folder.write('site', { ...hello(), manifest: { grants: ['ROUTES'], enabled: false } });
  const reloaded = await api.call<OperationResult>('POST', '/ext/site/reload');
  expect(reloaded.body.details).toMatchObject({ state: 'disabled' });
  expect(reloaded.body.message).toContain('ext enable');
  expect((await api.call('GET', '/ext/site/hello')).status).toBe(503);
  await api.call('POST', '/ext/site/enable');
  expect((await api.call('GET', '/ext/site/hello')).status).toBe(200);
});

test('an empty folder is no problem, and safe mode is named where it holds an extension', async () => {
  const empty = await place.start({ ORDINAUT_SAFE_MODE: '1' });
  expect((await empty.call<ExtensionsStatus>('GET', '/ext/status')).body).toMatchObject({
    total_extensions: 4,
    failed_extensions: 0,
  });
  place.folder.write('site', hello());
  await empty.call('POST', '/ext/site/reload');
  expect((await empty.call<ErrorBody>('GET', '/ext/site/hello')).body.message).toContain('Safe mode');
  const enabled = await empty.call<ErrorBody>('POST', '/ext/site/enable');
  expect([enabled.status, enabled.body.message]).toEqual([409, expect.stringContaining('safe mode')]);
});
