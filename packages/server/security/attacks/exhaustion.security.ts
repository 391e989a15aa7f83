import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { LoginGuard } from '../../src/identity/login-guard.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { listen } from '../../test/support/server.ts';
import { Asker } from '../support/asker.ts';
import { type AttackedServer, startAttacked } from '../support/attacked-server.ts';
import { faultsOf } from '../support/error-answer.ts';
import { heapInUse } from '../support/heap.ts';
import { answersIn, connectTo, nextHead } from '../support/raw-exchange.ts';

const open: AsyncDisposable[] = [];
const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

async function start(environment: Record<string, string>): Promise<AttackedServer & { asker: Asker }> {
  const attacked = await startAttacked({
    ORDINAUT_AUTH: 'off',
    // Requests may say from where they come.
    ORDINAUT_TRUST_PROXY: 'loopback',
    ORDINAUT_INSECURE: '1',
    ...environment,
  });
  const asker = new Asker(attacked.url);
  open.push(attacked, asker);
  return Object.assign(attacked, { asker });
}

/** A request over a connection of its own, as an address; gives the head of the answer and leaves the connection open. */
async function reach(
  url: string,
  path: string,
  address: string,
  lines = '',
): Promise<{ socket: Socket; status: number; headers: Record<string, unknown> }> {
  const socket = await connectTo(url);
  sockets.add(socket);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: ${address}\r\n${lines}\r\n`);
  const [answer] = answersIn(await nextHead(socket));
  return { socket, status: answer?.status ?? 0, headers: { ...answer?.headers } };
}

const websocket =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
/** What lasts: each kind of it takes a place. `Last-Event-ID` makes the first event come at once. */
const lasting = [
  ['/events/stream', 'Last-Event-ID: 0-0\r\n', 200],
  ['/ext/mcp_http/stream', '', 200],
  ['/ext/events_demo/subscribe/x', '', 200],
  ['/ext/mcp_http/ws', websocket, 101],
  ['/alerts/stream', '', 200],
  ['/ws/alerts', websocket, 101],
] as const;

describe('streams and WebSockets', () => {
  test('nobody takes all places, all of them are counted, and they are given back', async () => {
    const { url, asker } = await start({ ORDINAUT_MAX_STREAMS: '20' });
    const json = { 'content-type': 'application/json' };
    expect((await asker.ask('/events', { method: 'POST', headers: json, body: '{"topic":"a"}' })).status).toBe(202);

    // A tenth for one caller: two of whatever kind.
    for (const [index, [path, lines, status]] of lasting.entries()) {
      const address = `192.0.2.${index}`;
      expect((await reach(url, path, address, lines)).status, path).toBe(status);
      expect((await reach(url, path, address, lines)).status, path).toBe(status);
      for (const [other, otherLines] of lasting) {
        const third = await reach(url, other, address, otherLines);
        expect([third.status, Number(third.headers['retry-after']) > 0], `${path}, then ${other}`).toEqual([503, true]);
      }
    }
    // Others get theirs, until all are taken.
    const left = 20 - 2 * lasting.length;
    const opened = await Promise.all(
      Array.from({ length: left }, (_, n) => reach(url, '/events/stream', `198.51.100.${n}`, 'Last-Event-ID: 0-0\r\n')),
    );
    expect(opened.map(({ status }) => status)).toEqual(Array(left).fill(200));
    for (const [path, lines] of lasting) {
      const full = await reach(url, path, '203.0.113.9', lines);
      expect([full.status, Number(full.headers['retry-after']) > 0], path).toEqual([503, true]);
    }
    const refused = await asker.ask('/events/stream', { headers: { 'x-forwarded-for': '203.0.113.9' } });
    expect(faultsOf(refused)).toEqual(['the status is 503']);
    // What does not last goes on.
    for (const path of ['/health', '/health/ready', '/tasks', '/ext/status'])
      expect((await asker.ask(path)).status).toBe(200);

    // Whoever leaves makes room, as soon as the server has heard of it.
    for (const { socket } of opened) socket.destroy();
    for (;;) {
      const next = await reach(url, '/events/stream', '203.0.113.9', 'Last-Event-ID: 0-0\r\n');
      if (next.status === 200) break;
      expect(next.status).toBe(503);
    }
  });

  test('one network of IPv6 is one caller', async () => {
    const { url, asker } = await start({ ORDINAUT_MAX_STREAMS: '20' });
    await asker.ask('/events', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"topic":"a"}',
    });
    const statuses = [];
    for (let n = 0; n < 4; n++)
      statuses.push((await reach(url, '/events/stream', `2001:db8:1:2::${n + 1}`, 'Last-Event-ID: 0-0\r\n')).status);
    expect(statuses).toEqual([200, 200, 503, 503]);
    expect((await reach(url, '/events/stream', '2001:db8:1:3::1', 'Last-Event-ID: 0-0\r\n')).status).toBe(200);
  });
});

test('with ORDINAUT_MAX_REQUESTS under way more are turned away, and health still answers', async () => {
  const heard = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const release = Promise.withResolvers<void>();
  let count = 0;
  const target = await listen(async (_request, response) => {
    heard[count++]?.resolve();
    await release.promise;
    response.end('{}');
  });
  const { asker } = await start({ ORDINAUT_MAX_REQUESTS: '3', ORDINAUT_HTTP_ALLOW: '127.0.0.1' });
  const call = { method: 'POST', headers: { 'content-type': 'application/json' } };
  const body = JSON.stringify({ input: { url: target.url } });
  const held = heard.map(() => asker.ask('/tools/http.request/call', { ...call, body }));
  await Promise.all(heard.map(({ promise }) => promise));

  const refused = await asker.ask('/tasks');
  expect(refused.status).toBe(503);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect(JSON.parse(refused.text).error).toBe('unavailable');
  expect((await asker.ask('/tools/http.request/call', { ...call, body })).status).toBe(503);
  for (const path of ['/health', '/health/live', '/health/ready']) expect((await asker.ask(path)).status).toBe(200);

  release.resolve();
  expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await asker.ask('/tasks')).status).toBe(200);
  await target.close();
});

test('a connection past ORDINAUT_MAX_CONNECTIONS is closed at once, and its place is taken when another goes', async () => {
  const { url } = await start({ ORDINAUT_MAX_CONNECTIONS: '5' });
  const first = await Promise.all(Array.from({ length: 5 }, (_, n) => reach(url, '/health/live', `192.0.2.${n}`)));
  expect(first.map(({ status }) => status)).toEqual(Array(5).fill(200));
  const sixth = await connectTo(url);
  sockets.add(sixth);
  sixth.on('error', () => undefined);
  if (!sixth.closed) await once(sixth, 'close');
  expect(sixth.bytesRead).toBe(0);
  // Those that are in go on.
  first[0]!.socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
  expect(await nextHead(first[0]!.socket)).toMatch(/^HTTP\/1.1 200 /);
  first[1]!.socket.destroy();
  while ((await reach(url, '/health/live', '192.0.2.9').catch(() => null))?.status !== 200);
});

describe('memory', () => {
  const MANY = 10_000;

  test(`${MANY} addresses are forgotten with the window they were counted in`, async () => {
    const { asker } = await start({ ORDINAUT_RATE_LIMIT: '5/2s' });
    const from = (address: string) => asker.ask('/health/live', { headers: { 'x-forwarded-for': address } });
    const flood = async (network: number) => {
      for (let n = 0; n < MANY; n += 100)
        await Promise.all(
          Array.from({ length: 100 }, (_, k) => from(`10.${network}.${(n + k) >> 8}.${(n + k) & 255}`)),
        );
      // The window of this one began after all others.
      await from(`10.${network}.255.255`);
      while ((await from(`10.${network}.255.255`)).headers['x-ratelimit-remaining'] !== '4');
    };
    await flood(1);
    const before = heapInUse();
    await flood(2);
    const grown = heapInUse() - before;
    process.stdout.write(`Exhaustion: ${MANY} addresses left ${grown.toFixed(1)} MB on the heap\n`);
    expect(grown).toBeLessThan(8);
  });

  test(`${MANY} addresses of one network are one`, async () => {
    const { asker } = await start({ ORDINAUT_RATE_LIMIT: '100/1h' });
    const statuses = new Map<number, number>();
    for (let n = 0; n < MANY; n += 100) {
      const answers = Array.from({ length: 100 }, (_, k) =>
        asker.ask('/tasks', { headers: { 'x-forwarded-for': `2001:db8::${(n + k + 1).toString(16)}` } }),
      );
      for (const { status } of await Promise.all(answers)) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect(statuses).toEqual(
      new Map([
        [200, 100],
        [429, MANY - 100],
      ]),
    );
  });

  test(`${MANY} names of hosts, credentials, request ids and paths leave nothing`, async () => {
    const { asker, url } = await start({ ORDINAUT_AUTH: 'required', ORDINAUT_TRUST_PROXY: '' });
    const metrics = async () => (await asker.ask('/ext/observability/metrics')).text;
    const flood = async (name: string) => {
      for (let n = 0; n < MANY; n += 100)
        await Promise.all(
          Array.from({ length: 100 }, (_, k) => {
            const id = `${name}${n + k}`;
            const headers = {
              host: `${id}.example`,
              origin: `http://${id}.example`,
              'x-request-id': id,
              'x-api-key': `ordk_${id}`,
            };
            const path = k % 3 === 0 ? `/${id}` : k % 3 === 1 ? `/ext/${id}/x` : `/tasks/${id}`;
            return asker.ask(path, { headers });
          }),
        );
    };
    await flood('flooded-a');
    const before = heapInUse();
    await flood('flooded-b');
    const grown = heapInUse() - before;
    process.stdout.write(`Exhaustion: ${MANY} names left ${grown.toFixed(1)} MB on the heap\n`);
    expect(grown).toBeLessThan(8);
    expect(await metrics()).not.toContain('flooded');
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
  });

  test('names that were tried at logins are remembered up to a number', async () => {
    const guard = new LoginGuard(systemClock);
    const fail = async (from: number, to: number) => {
      for (let n = from; n < to; n++) await guard.attempt(`name${n}`, `10.0.${n >> 8}.${n & 255}`, async () => false);
    };
    await fail(0, 100_000);
    const before = heapInUse();
    await fail(100_000, 300_000);
    expect(heapInUse() - before).toBeLessThan(8);
  });
});
