import { getEventListeners } from 'node:events';
import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RunFailure } from '../../src/kernel/errors.ts';
import { parseHttpAllow } from '../../src/outgoing/allow-list.ts';
import { GuardedHttpClient, type GuardedHttpOptions, type HttpRequest } from '../../src/outgoing/guarded-client.ts';
import { hostileNames, hostileUrls } from './hostile-urls.ts';
import { listen, type TestServer } from './test-server.ts';

const never = new AbortController().signal;
const clients: GuardedHttpClient[] = [];
const clientOf = (options?: GuardedHttpOptions): GuardedHttpClient => {
  const client = new GuardedHttpClient(options);
  clients.push(client);
  return client;
};
const get = (client: GuardedHttpClient, url: string, more: Partial<HttpRequest> = {}) =>
  client.request({
    method: 'GET',
    url,
    signal: never,
    timeoutMs: null,
    maxResponseBytes: 1_048_576,
    maxRedirects: 5,
    ...more,
  });

async function failureOf(call: Promise<unknown>): Promise<RunFailure> {
  const error = await call.then(
    () => new Error('It did not fail.'),
    (reason: unknown) => reason,
  );
  if (error instanceof RunFailure) return error;
  throw error;
}

const resolveNames = async (hostname: string) => {
  const addresses = hostileNames[hostname] ?? hostileNames[hostname.toUpperCase()];
  if (!addresses) throw new Error(`ENOTFOUND ${hostname}`);
  return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
};

let canary: TestServer;
/** What the server of a test has seen. */
let seen: { method: string; path: string; headers: Record<string, unknown>; body: string }[] = [];
let server: TestServer;

beforeAll(async () => {
  canary = await listen((_request, response) => response.end('You should not be here.'));
  server = await listen((request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      seen.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
      const target = url.searchParams.get('to');
      if (target !== null) {
        response.writeHead(Number(url.searchParams.get('status') ?? 302), { location: target }).end('moved');
      } else if (url.pathname === '/hang') {
        response.writeHead(200).write('some');
      } else if (url.pathname === '/silent') {
        // Never answers.
      } else if (url.pathname === '/big') {
        response.end('x'.repeat(Number(url.searchParams.get('size'))));
      } else if (url.pathname === '/gzip') {
        response.setHeader('content-encoding', 'gzip');
        response.end(gzipSync('x'.repeat(Number(url.searchParams.get('size')))));
      } else if (url.pathname === '/broken') {
        response.setHeader('content-encoding', 'gzip');
        response.end('no gzip');
      } else if (url.pathname === '/reset') {
        request.socket.destroy();
      } else {
        response.end('hello');
      }
    });
  });
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  seen = [];
});
afterAll(() => Promise.all([canary.close(), server.close()]));

describe('the guard', () => {
  it('refuses every hostile URL without a connection', async () => {
    const client = clientOf({ resolve: resolveNames });
    const urls = hostileUrls(canary.port);
    expect(new Set(urls).size).toBeGreaterThanOrEqual(150);
    const passed: string[] = [];
    let denied = 0;
    for (const url of urls) {
      const outcome = await get(client, url, { timeoutMs: 5000 }).then(
        () => 'answered',
        (error: RunFailure) => error.code,
      );
      if (outcome === 'permission_denied') denied++;
      if (outcome !== 'permission_denied' && outcome !== 'input_invalid') passed.push(`${url}: ${outcome}`);
    }
    expect(passed).toEqual([]);
    expect(denied).toBeGreaterThanOrEqual(150);
    expect(canary.connections()).toBe(0);
  });

  it('would reach the canary if it were open', async () => {
    const open = await listen((_request, response) => response.end('inside'));
    const response = await get(clientOf({ allow: ['*'] }), `http://0x7f.1:${open.port}/`);
    expect(response.body.toString()).toBe('inside');
    expect(open.connections()).toBe(1);
    await open.close();
  });

  it('refuses every hostile target of a redirect', async () => {
    const client = clientOf({ resolve: resolveNames, allow: [`127.0.0.1:${server.port}`] });
    // Other characters cannot be sent in a header.
    const urls = hostileUrls(canary.port).filter((url) => /^[\t\x20-\x7e]+$/.test(url));
    expect(urls.length).toBeGreaterThanOrEqual(150);
    const passed: string[] = [];
    for (const url of urls) {
      const outcome = await get(client, `${server.origin}/?to=${encodeURIComponent(url)}`, { timeoutMs: 5000 }).then(
        // `http:host` is a path on the server that redirects (RFC 3986 section 5.2.2, as browsers read it).
        ({ url: reached }) => (new URL(reached).origin === server.origin ? 'stayed' : `answered from ${reached}`),
        (error: RunFailure) => error.code,
      );
      if (!['permission_denied', 'input_invalid', 'stayed'].includes(outcome)) passed.push(`${url}: ${outcome}`);
    }
    expect(passed).toEqual([]);
    expect(canary.connections()).toBe(0);
  });

  it('says which address of which host is refused, and which setting opens it', async () => {
    const failure = await failureOf(
      get(clientOf({ resolve: resolveNames }), 'http://metadata.google.internal/x?key=secret'),
    );
    expect(failure).toMatchObject({ code: 'permission_denied', retryable: false });
    expect(failure.message).toBe(
      'Requests to metadata.google.internal (169.254.169.254) are not allowed: it is a link-local address. The setting ORDINAUT_HTTP_ALLOW opens hosts and ranges.',
    );
  });

  it('does not repeat a password', async () => {
    const failure = await failureOf(get(clientOf(), 'http://user:hunter2@example.org/'));
    expect(failure.code).toBe('permission_denied');
    expect(failure.message).not.toContain('hunter2');
  });

  it('connects to the addresses it has checked, whatever the name gives the next time', async () => {
    const answers = ['127.0.0.1', '10.0.0.1'];
    let asked = 0;
    const client = clientOf({
      allow: ['127.0.0.1'],
      resolve: async () => [{ address: answers[asked++] ?? '10.0.0.1', family: 4 }],
    });
    const response = await get(client, `http://rebinding.example:${server.port}/`);
    expect(response.body.toString()).toBe('hello');
    expect(asked).toBe(1);
    await failureOf(get(client, `http://rebinding.example:${canary.port}/`));
    expect(asked).toBe(2);
    expect(canary.connections()).toBe(0);
  });

  it('lets nobody past who uses the dispatcher directly', async () => {
    const dispatcher = await clientOf().dispatcher();
    await expect(dispatcher.request({ origin: canary.origin, path: '/', method: 'GET' })).rejects.toMatchObject({
      code: 'permission_denied',
    });
    expect(canary.connections()).toBe(0);
  });
});

describe('ORDINAUT_HTTP_ALLOW', () => {
  const names: Record<string, string> = { 'inner.example': '10.0.0.5' };
  const table: [entry: string, host: string, address: string, port: number, allowed: boolean][] = [
    ['*', 'any', '127.0.0.1', 1, true],
    ['inner.example', 'inner.example', names['inner.example']!, 80, true],
    ['INNER.example', 'inner.example', '10.0.0.5', 80, true],
    ['inner.example', 'inner.example.', '10.0.0.5', 80, true],
    ['inner.example', 'x.inner.example', '10.0.0.5', 80, false],
    ['inner.example:8080', 'inner.example', '10.0.0.5', 8080, true],
    ['inner.example:8080', 'inner.example', '10.0.0.5', 80, false],
    ['10.0.0.5', 'inner.example', '10.0.0.5', 80, true],
    ['10.0.0.5', 'inner.example', '::ffff:10.0.0.5', 80, true],
    ['10.0.0.5', 'inner.example', '10.0.0.6', 80, false],
    ['10.0.0.5:81', 'inner.example', '10.0.0.5', 80, false],
    ['10.0.0.0/8', 'inner.example', '10.200.0.5', 80, true],
    ['10.0.0.0/8', 'inner.example', '11.0.0.5', 80, false],
    ['::1', 'localhost', '::1', 80, true],
    ['[::1]', 'localhost', '0:0:0:0:0:0:0:1', 80, true],
    ['[::1]:8080', 'localhost', '::1', 8080, true],
    ['[::1]:8080', 'localhost', '::1', 80, false],
    ['fd00::/8', 'x', 'fd12::1', 80, true],
    ['fd00::/8', 'x', '10.0.0.1', 80, false],
    ['', 'x', '10.0.0.1', 80, false],
  ];
  it.each(table)('%s: %s at %s port %i → %s', (entry, host, address, port, allowed) => {
    const allow = parseHttpAllow([entry]);
    expect(allow.host(host, port) || allow.address(address, port)).toBe(allowed);
  });

  it.each(['http://x', 'a b', '10.0.0.0/33', 'x:99999', 'x:0', '[10.0.0.1]', '1:2:3', 'x/y', '*.example'])(
    'refuses %j',
    (entry) => {
      expect(() => clientOf({ allow: [entry] })).toThrow(`ORDINAUT_HTTP_ALLOW: ${JSON.stringify(entry)} is no host`);
    },
  );
});

describe('a request', () => {
  const local = () => clientOf({ allow: ['127.0.0.1'] });

  it('gives status, headers, body and where it came from', async () => {
    const response = await get(local(), `${server.origin}/a?b=c`);
    expect(response).toMatchObject({ status: 200, url: `${server.origin}/a?b=c` });
    expect(response.body.toString()).toBe('hello');
    expect(response.headers['content-length']).toBe('5');
    expect(seen[0]).toMatchObject({
      method: 'GET',
      path: '/a?b=c',
      headers: { 'user-agent': expect.stringMatching(/^ordinaut\/\d/) },
    });
  });

  it.each([
    [301, 'POST', 'GET', ''],
    [302, 'POST', 'GET', ''],
    [303, 'PUT', 'GET', ''],
    [302, 'PUT', 'PUT', 'body'],
    [307, 'POST', 'POST', 'body'],
    [308, 'POST', 'POST', 'body'],
  ])('after %i goes on from %s with %s', async (status, method, nextMethod, body) => {
    const url = `${server.origin}/?status=${status}&to=${encodeURIComponent('/next')}`;
    const response = await get(local(), url, {
      method,
      body: 'body',
      headers: { Authorization: 'x', 'Content-Type': 'text/plain' },
    });
    expect(response.url).toBe(`${server.origin}/next`);
    expect(seen[1]).toMatchObject({ method: nextMethod, body, headers: { authorization: 'x' } });
    expect('content-type' in (seen[1]?.headers ?? {})).toBe(body !== '');
  });

  it('drops secrets when a redirect leads to another origin', async () => {
    const other = await listen((request, response) => {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(request.headers));
    });
    const url = `${server.origin}/?to=${encodeURIComponent(`${other.origin}/`)}`;
    const headers = { Authorization: 'Bearer s', cookie: 's', 'Proxy-Authorization': 's', 'X-Mine': 'kept' };
    const got = JSON.parse((await get(local(), url, { headers })).body.toString());
    expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer s', cookie: 's' });
    expect(got).toMatchObject({ 'x-mine': 'kept' });
    for (const name of ['authorization', 'cookie', 'proxy-authorization']) expect(got).not.toHaveProperty(name);
    await other.close();
  });

  it('follows as many redirects as it may', async () => {
    const url = (left: number): string =>
      left === 0 ? `${server.origin}/end` : `${server.origin}/?to=${encodeURIComponent(url(left - 1))}`;
    expect((await get(local(), url(3), { maxRedirects: 3 })).url).toBe(`${server.origin}/end`);
    const failure = await failureOf(get(local(), url(3), { maxRedirects: 2 }));
    expect(failure).toMatchObject({ code: 'http_rejected', message: expect.stringContaining('more than 2 times') });
    expect((await get(local(), url(1), { maxRedirects: 0 })).status).toBe(302);
  });

  it.each(['/big', '/gzip'])('of %s stops at the size limit', async (path) => {
    expect((await get(local(), `${server.origin}${path}?size=1000`, { maxResponseBytes: 1000 })).body).toHaveLength(
      1000,
    );
    const failure = await failureOf(get(local(), `${server.origin}${path}?size=1001`, { maxResponseBytes: 1000 }));
    expect(failure.code).toBe('output_too_large');
  });

  it('does not unpack a bomb', async () => {
    const failure = await failureOf(get(local(), `${server.origin}/gzip?size=50000000`, { maxResponseBytes: 100_000 }));
    expect(failure.code).toBe('output_too_large');
  });

  it('says when an encoding does not fit', async () => {
    expect((await failureOf(get(local(), `${server.origin}/broken`))).code).toBe('http_rejected');
  });

  it.each(['/silent', '/hang'])('to %s ends with its time', async (path) => {
    const failure = await failureOf(get(local(), `${server.origin}${path}?key=secret`, { timeoutMs: 50 }));
    expect(failure).toMatchObject({
      code: 'step_timeout',
      message: `GET ${server.origin}${path} took longer than 0.05 s.`,
    });
  });

  it.each(['/silent', '/hang'])('to %s ends with the signal and leaves no listener', async (path) => {
    const controller = new AbortController();
    const client = local();
    await get(client, server.origin, { signal: controller.signal });
    const call = failureOf(get(client, `${server.origin}${path}`, { signal: controller.signal }));
    controller.abort();
    expect((await call).code).toBe('canceled');
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    expect((await failureOf(get(client, server.origin, { signal: controller.signal }))).code).toBe('canceled');
  });

  it('that nobody answers is a network error', async () => {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
    const address = probe.address();
    const port = typeof address === 'object' ? address?.port : 0;
    await new Promise((resolve) => probe.close(resolve));
    for (const url of [`http://127.0.0.1:${port}/`, `${server.origin}/reset`]) {
      expect(await failureOf(get(local(), url))).toMatchObject({ code: 'network_error', retryable: true });
    }
    const unknown = clientOf({ resolve: resolveNames });
    expect((await failureOf(get(unknown, 'http://nowhere.example/'))).message).toContain('ENOTFOUND nowhere.example');
  });

  it.each([{ 'x-a': 'b\r\nx-c: d' }, { 'a b': 'c' }, { 'transfer-encoding': 'chunked' }])(
    'refuses the headers %j',
    async (headers) => {
      expect((await failureOf(get(local(), server.origin, { headers }))).code).toBe('input_invalid');
      expect(seen).toEqual([]);
    },
  );
});

describe('closing', () => {
  it('ends kept connections and requests under way, and refuses new ones', async () => {
    const own = await listen((request, response) => {
      if (request.url === '/') response.end('hello');
    });
    const client = clientOf({ allow: ['127.0.0.1'] });
    await get(client, own.origin);
    // The connection is free again a moment after the body has ended.
    await new Promise((resolve) => setImmediate(resolve));
    await get(client, own.origin);
    expect(own.connections()).toBe(1);
    expect(await own.open()).toBe(1);
    const hanging = failureOf(get(client, `${own.origin}/hanging`));
    await client.close();
    expect((await hanging).code).toBe('network_error');
    while ((await own.open()) > 0) await new Promise((resolve) => setImmediate(resolve));
    expect((await failureOf(get(client, own.origin))).code).toBe('canceled');
    await client.close();
    await own.close();
  });

  it('of a client that was never used does nothing', async () => {
    await expect(clientOf().close()).resolves.toBeUndefined();
  });
});
