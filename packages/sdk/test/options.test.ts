import { expect, test } from 'vitest';
import { systemClock } from '../src/clock.ts';
import {
  type ClientOptions,
  type CommonOptions,
  ConfigurationError,
  type Credentials,
  type FetchOptions,
  OrdinautClient,
  ServerError,
} from '../src/index.ts';
import { mode, TokenDoor } from './support/answers.ts';
import { startProbe } from './support/probe-server.ts';
import { thrownBy } from './support/thrown-by.ts';

test.each([
  'https://ordinaut.example',
  'https://ordinaut.example:8443/base/',
  'http://localhost:8080',
  'http://app.localhost',
  'http://127.0.0.1',
  'http://127.9.9.9',
  'http://[::1]:8080',
  'http://10.1.2.3',
  'http://172.16.0.1',
  'http://172.31.255.1',
  'http://192.168.1.1',
  'http://169.254.1.1',
  'http://[fd12:3456::1]',
  'http://[fe80::1]',
])('%s is taken', (baseUrl) => {
  expect(() => new OrdinautClient({ baseUrl })).not.toThrow();
});

test.each([
  'http://ordinaut.example',
  'http://8.8.8.8',
  'http://172.32.0.1',
  'http://192.169.0.1',
  'http://localhost.example',
  'http://10.example',
  'http://[2001:db8::1]',
])('%s would send credentials in the clear', (baseUrl) => {
  expect(() => new OrdinautClient({ baseUrl })).toThrow('allowInsecureHttp');
  expect(() => new OrdinautClient({ baseUrl, allowInsecureHttp: true })).not.toThrow();
});

test.each([
  ['', 'is no address'],
  ['ordinaut.example', 'is no address'],
  ['ftp://ordinaut.example', 'is no address'],
  ['https://ada:secret@ordinaut.example', 'must have no name, password'],
  ['https://ordinaut.example/?a=1', 'must have no name, password, query'],
])('%s is refused: %s', (baseUrl, message) => {
  expect(() => new OrdinautClient({ baseUrl })).toThrow(message);
});

test.each<[object, string]>([
  [{ concurrency: 0 }, 'concurrency is 0; it has to be a whole number from 1 up.'],
  [{ retry: { attempts: 1.5 } }, 'retry.attempts is 1.5'],
  [{ retry: { baseMs: -1 } }, 'retry.baseMs is -1'],
  [{ circuit: { failures: '3' } }, 'circuit.failures is 3'],
  [{ timeouts: { read: { timeoutMs: 0 } } }, 'timeouts["read"].timeoutMs is 0'],
  [{ retries: 5 }, 'There is no option "retries". There are: baseUrl,'],
  [{ retry: { attempt: 5 } }, 'There is no option "retry.attempt". There are: attempts,'],
  [{ circuit: { openMS: 5 } }, 'There is no option "circuit.openMS".'],
  [{ validation: { requests: 'loud' } }, 'validation.requests is "loud"'],
  [{ username: 'ada' }, '"password" is missing or empty; the client needs it beside "username".'],
  [{ agentId: 'bot', agentSecret: '' }, '"agentSecret" is missing'],
  [{ apiKey: '' }, '"apiKey" is missing'],
  [{ token: 7 }, '"token" has to be a text, or a function'],
  [{ apiKey: 'x', token: 'y' }, 'The client was given "apiKey" and "token". Give one of them.'],
])('%j is refused', (options, message) => {
  const create = () => new OrdinautClient({ baseUrl: 'http://localhost', ...options } as ClientOptions);
  expect(create).toThrow(ConfigurationError);
  expect(create).toThrow(message);
});

test('requests go below the path of the base, with the headers of the client', async () => {
  await using server = await startProbe((probe) => probe.json(200, mode));
  const client = new OrdinautClient({
    baseUrl: `${server.url}/proxied/`,
    headers: { 'x-team': 'blue' },
    userAgent: 'mine/2',
  });
  await client.system.mode({ headers: { 'x-call': '1' } });
  expect(server.requests[0]).toMatchObject({
    path: '/proxied/system/mode',
    headers: { 'x-team': 'blue', 'x-call': '1', 'user-agent': 'mine/2', accept: 'application/json' },
  });
});

test('any path can be fetched as the client; the answer is given as it is', async () => {
  await using server = await startProbe((probe) => {
    if (probe.path === '/ext/a/image')
      probe.response.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.from([1, 255, 0]));
    else if (probe.path === '/ext/a/gone') probe.fail(404, 'not_found');
    else probe.json(201, { got: probe.body, type: probe.headers['content-type'] ?? null });
  });
  const client = new OrdinautClient({ baseUrl: server.url, apiKey: 'ordk_x' });
  const image = await client.fetch('/ext/a/image');
  expect(new Uint8Array(await image.arrayBuffer())).toEqual(new Uint8Array([1, 255, 0]));
  expect(server.requests[0]?.headers['x-api-key']).toBe('ordk_x');
  expect((await client.fetch('/ext/a/gone')).status).toBe(404);
  const posted = await client.fetch('/ext/a/b', {
    method: 'post',
    body: '{"x":1}',
    headers: { 'content-type': 'application/json' },
  });
  expect(await posted.json()).toEqual({ got: '{"x":1}', type: 'application/json' });
  for (const path of ['https://evil.example/', '//evil.example/', '/\\evil.example/', 'ext']) {
    await expect(client.fetch(path)).rejects.toThrow('has to begin with one slash');
  }
});

test('no path leaves the base', async () => {
  await using server = await startProbe((probe) => probe.json(200, {}));
  const client = new OrdinautClient({ baseUrl: `${server.url}/ordinaut/`, apiKey: 'ordk_x' });
  for (const path of ['/../other/x', '/%2e%2e/other/x', '/a/../../ordinautics', '/..', '/a\\..\\..\\other']) {
    const error = await thrownBy(client.fetch(path));
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({ message: expect.stringContaining(`leads out of ${server.url}/ordinaut/`) });
  }
  expect(server.requests).toHaveLength(0);
  await client.fetch('/a/../ext/b?c=/../d');
  expect(server.requests[0]?.path).toBe('/ordinaut/ext/b?c=/../d');
  expect(Object.keys(client.stats().operations)).toContain('fetch ext:b');
});

test.each<[FetchOptions, string]>([
  [{ body: 'x' }, 'GET cannot be sent'],
  [{ method: 'head', body: 'x' }, 'HEAD cannot be sent'],
  [{ method: 'TRACE' }, 'TRACE cannot be sent'],
  [{ method: 'NO WORD' }, 'NO WORD cannot be sent'],
])('what cannot be sent is no outage: %j', async (options, message) => {
  await using server = await startProbe((probe) => probe.json(200, mode));
  const client = new OrdinautClient({ baseUrl: server.url, circuit: { failures: 1 } });
  const error = await thrownBy(client.fetch('/ext/a', options));
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error).toMatchObject({ retryable: false, message: expect.stringContaining(message) });
  expect(server.requests).toHaveLength(0);
  await client.system.mode();
});

test.each([{ 'content-length': '5' }, { 'transfer-encoding': 'chunked' }, { expect: '100-continue' }])(
  'a header that fetch does not send is no outage, and not tried again: %j',
  async (headers) => {
    await using server = await startProbe((probe) => probe.json(200, mode));
    const client = new OrdinautClient({ baseUrl: server.url, circuit: { failures: 1 } });
    const error = await thrownBy(client.fetch('/ext/a', { method: 'PUT', body: 'x', repeat: 'idempotent', headers }));
    expect(error).toMatchObject({ kind: 'connection', retryable: false, attempts: { length: 1 } });
    expect(error).toMatchObject({ message: expect.stringContaining('(UND_ERR_') });
    await client.system.mode();
  },
);

test('a key that is given is sent, and lets a fetch go again', async () => {
  await using server = await startProbe((probe) =>
    probe.number === 2 ? probe.json(200, {}) : probe.fail(500, 'internal_error'),
  );
  const client = new OrdinautClient({ baseUrl: server.url, retry: { baseMs: 1 } });
  const options = { method: 'POST', body: '{}', idempotencyKey: 'mine' };
  expect((await client.fetch('/ext/a', options)).status).toBe(200);
  await expect(client.users.create({ username: 'bob' }, { idempotencyKey: 'his' })).rejects.toThrow(ServerError);
  expect((await client.fetch('/ext/a', { method: 'POST' })).status).toBe(500);
  expect(server.requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['mine', 'mine', 'his', undefined]);
});

test('all options that there are are taken', () => {
  const options: Required<CommonOptions> = {
    baseUrl: 'http://localhost',
    allowInsecureHttp: false,
    concurrency: 1,
    retry: { attempts: 1, baseMs: 1, maxMs: 1, maxRetryAfterMs: 1, budget: 1, refill: 1 },
    circuit: { failures: 1, openMs: 1, maxOpenMs: 1 },
    timeouts: { read: { timeoutMs: 1, attemptTimeoutMs: 1 }, 'tools.call': { timeoutMs: 1 } },
    validation: { requests: 'off', responses: 'off' },
    observers: [],
    headers: {},
    userAgent: 'mine/1',
    fetch,
    clock: systemClock,
    random: Math.random,
  };
  const credentials: Credentials[] = [
    { username: 'ada', password: 'x', scopes: [] },
    { agentId: 'bot', agentSecret: 'x', scopes: [] },
    { apiKey: 'x' },
    { token: 'x', onUnauthorized: () => false },
  ];
  for (const one of credentials) expect(new OrdinautClient({ ...options, ...one }).stats().calls).toBe(0);
});

test.each<[object, string]>([
  [{ timeoutMs: Number.NaN }, 'timeoutMs is NaN; it has to be a number from 0 up.'],
  [{ timeoutMs: -1 }, 'timeoutMs is -1'],
  [{ attemptTimeoutMs: '5s' }, 'attemptTimeoutMs is 5s'],
  [{ maxAttempts: 1.5 }, 'maxAttempts is 1.5; it has to be a whole number from 1 up.'],
  [{ maxAttempts: 0 }, 'maxAttempts is 0'],
])('of a call %j is refused', async (options, message) => {
  await using server = await startProbe((probe) => probe.json(200, mode));
  const client = new OrdinautClient({ baseUrl: server.url });
  for (const error of [await thrownBy(client.system.mode(options)), await thrownBy(client.fetch('/x', options))]) {
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error).toMatchObject({ message: expect.stringContaining(message) });
  }
  expect(server.requests).toHaveLength(0);
});

test('requests are sent by the fetch that is given', async () => {
  const sent: string[] = [];
  const client = new OrdinautClient({
    baseUrl: 'https://ordinaut.example',
    fetch: async (input) => {
      sent.push(String(input));
      return Response.json(mode);
    },
  });
  await client.system.mode();
  expect(sent).toEqual(['https://ordinaut.example/system/mode']);
});

test('a 401 of an extension is its answer, and costs neither a login nor a second request', async () => {
  const door = new TokenDoor();
  await using server = await startProbe((probe) => {
    if (!door.answer(probe)) probe.json(401, { error: 'no_session', message: 'Who are you?' });
  });
  const client = new OrdinautClient({ baseUrl: server.url, username: 'ada', password: 'x' });
  const response = await client.fetch('/ext/shop/basket', { method: 'POST', body: '{}' });
  expect([response.status, await response.json()]).toMatchObject([401, { error: 'no_session' }]);
  expect(server.requests.map(({ path }) => path)).toEqual(['/auth/token', '/ext/shop/basket']);
  expect(door.refreshes).toBe(0);
});

test('a 401 of the server renews the login for a fetch too, and is its answer in the end', async () => {
  const door = new TokenDoor();
  await using server = await startProbe((probe) => {
    if (!door.answer(probe)) probe.fail(401, 'unauthorized');
  });
  const client = new OrdinautClient({ baseUrl: server.url, username: 'ada', password: 'x' });
  expect((await client.fetch('/ext/shop/basket')).status).toBe(401);
  expect(door.refreshes).toBe(1);
  expect((await client.fetch('/ext/shop/basket', { method: 'HEAD' })).status).toBe(401);
  expect(door.refreshes).toBe(2);
  const withKey = new OrdinautClient({ baseUrl: server.url, apiKey: 'ordk_x' });
  expect((await withKey.fetch('/ext/shop/basket')).status).toBe(401);
});

test('an answer that a browser hides leads elsewhere', async () => {
  const client = new OrdinautClient({ baseUrl: 'https://ordinaut.example', fetch: async () => Response.error() });
  await expect(client.fetch('/ext/a')).rejects.toMatchObject({ kind: 'unexpected_answer' });
});
