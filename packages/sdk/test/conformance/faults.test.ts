import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  createTestServer,
  type Faults,
  type Served,
  startFaultProxy,
  type TestServer,
} from '../../src/testing/index.ts';

/** Where the faults are: in the server itself, by its `fetch` or by a socket, or in a proxy before it. */
const places = {
  'in memory': async (server: TestServer) => ({ url: 'http://test', fetch: server.fetch, faults: server.faults }),
  'by a socket': async (server: TestServer) => ({ url: (await server.listen()).url, fetch, faults: server.faults }),
  'in a proxy': async (server: TestServer) => {
    const proxy = await startFaultProxy({ upstream: (await server.listen()).url });
    return { url: proxy.url, fetch, faults: proxy.faults, close: proxy.close };
  },
} satisfies Record<string, (server: TestServer) => Promise<Place>>;

interface Place {
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly faults: Faults;
  readonly close?: () => Promise<void>;
}

describe.each(Object.entries(places))('%s', (_name, open) => {
  let server: TestServer;
  let place: Place;
  let token: string;
  beforeEach(async () => {
    server = createTestServer({ heartbeatMs: 20 });
    place = await open(server);
    token = await logIn();
  });
  afterEach(async () => {
    await place.close?.();
    await server.close();
  });

  async function logIn(): Promise<string> {
    const response = await place.fetch(`${place.url}/auth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'admin', password: 'admin password' }),
    });
    return ((await response.json()) as { access_token: string }).access_token;
  }
  const get = (path: string, init: RequestInit = {}) =>
    place.fetch(`${place.url}${path}`, { ...init, headers: { authorization: `Bearer ${token}` } });

  test('a status comes as often as it was asked for, with the error body and Retry-After', async () => {
    const fault = place.faults.next({ operation: 'tasks.list', status: 503, retryAfter: 7, times: 2, skip: 1 });
    expect((await get('/tasks')).status).toBe(200);
    const refused = await get('/tasks');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '7']);
    expect(await refused.json()).toMatchObject({ error: 'unavailable', request_id: expect.any(String) });
    expect((await get('/runs')).status).toBe(200);
    expect((await get('/tasks')).status).toBe(503);
    expect((await get('/tasks')).status).toBe(200);
    expect(fault.hits).toBe(2);
  });

  test('a reset is a failure of fetch', async () => {
    place.faults.next({ path: '/tasks', reset: true });
    await expect(get('/tasks')).rejects.toThrow(TypeError);
    expect((await get('/tasks')).status).toBe(200);
  });

  test('what was processed is done, whatever is answered', async () => {
    place.faults.next({ operation: 'events.publish', reset: true, processed: true });
    const publish = place.fetch(`${place.url}/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ topic: 'deploy.finished' }),
    });
    await expect(publish).rejects.toThrow(TypeError);
    expect(server.state.events.all).toHaveLength(1);
  });

  test('a server that hangs is left by whoever has a signal', async () => {
    place.faults.next({ hang: true });
    await expect(get('/tasks', { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('a body that stalls has its headers, and never its end', async () => {
    place.faults.next({ stallBody: true });
    const left = new AbortController();
    const response = await get('/tasks', { signal: left.signal });
    expect(response.status).toBe(200);
    const body = response.body!.getReader();
    expect((await body.read()).value?.byteLength).toBeGreaterThan(0);
    const more = body.read();
    left.abort();
    await expect(more).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('JSON that breaks off is none', async () => {
    place.faults.next({ malformedJson: true });
    const response = await get('/tasks');
    expect(response.status).toBe(200);
    await expect(response.json()).rejects.toThrow(SyntaxError);
  });

  test('tokens that are expired are refused, and new ones are not', async () => {
    expect((await get('/tasks')).status).toBe(200);
    place.faults.next({ operation: 'tasks.list', expireTokens: true });
    const refused = await get('/tasks');
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="ordinaut", error="invalid_token"',
    ]);
    token = await logIn();
    expect((await get('/tasks')).status).toBe(200);
  });

  test('a stream is cut after so many events, in each way', async () => {
    for (const topic of ['a', 'b', 'c']) server.seed.event(topic);
    const follow = async (by: 'close' | 'reset' | 'silence') => {
      place.faults.next({ operation: 'events.stream', cut: { afterEvents: 2, by } });
      const left = new AbortController();
      const { url } = place;
      const response = await place.fetch(`${url}/events/stream`, {
        headers: { authorization: `Bearer ${token}`, 'last-event-id': '0-0' },
        signal: left.signal,
      });
      let text = '';
      const read = (async () => {
        for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) text += piece;
      })();
      return { read, left, topics: () => [...text.matchAll(/"topic":"(\w)"/g)].map(([, topic]) => topic) };
    };
    const closed = await follow('close');
    await closed.read;
    expect(closed.topics()).toEqual(['a', 'b']);
    const reset = await follow('reset');
    await expect(reset.read).rejects.toThrow(TypeError);
    const silent = await follow('silence');
    await expect.poll(silent.topics).toEqual(['a', 'b']);
    silent.left.abort();
    await expect(silent.read).rejects.toMatchObject({ name: 'AbortError' });
  });
});

test('sockets are counted, and a server can be away for a while', async () => {
  const server = createTestServer({ auth: 'off' });
  const served: Served = await server.listen();
  const ask = () => fetch(`${served.url}/tasks`, { headers: { connection: 'close' } }).then(({ status }) => status);
  expect(await Promise.all([ask(), ask()])).toEqual([200, 200]);
  expect(served.connections).toMatchObject({ total: 2 });
  await served.suspend();
  await expect(ask()).rejects.toThrow(TypeError);
  await served.resume();
  expect(await ask()).toBe(200);
  await server.close();
});

test('a fault that could not happen is refused with its reason', () => {
  const { faults } = createTestServer();
  expect(() => faults.next({ operation: 'tasks.list' })).toThrow(/does nothing; give one of status/);
  expect(() => faults.next({ status: 503, reset: true })).toThrow(/has status and reset/);
  expect(() => faults.next({ status: 99 })).toThrow(/must be from 200 to 599/);
  // @ts-expect-error: there is no such operation
  expect(() => faults.next({ operation: 'tasks.lost', reset: true })).toThrow(/there is no such operation/);
  expect(() => faults.next({ path: /tasks/g, reset: true })).toThrow(/flag g/);
});
