import { getEventListeners } from 'node:events';
import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clientOf, failureOf, get, local } from './test-client.ts';
import { listen, type TestServer } from './test-server.ts';

/** What the server of a test has seen. */
let seen: { method: string; path: string; headers: Record<string, unknown>; body: string }[] = [];
let server: TestServer;

beforeAll(async () => {
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
afterEach(() => {
  seen = [];
});
afterAll(() => server.close());

describe('a request', () => {
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
    const unknown = clientOf({ resolve: async (name) => Promise.reject(new Error(`ENOTFOUND ${name}`)) });
    expect((await failureOf(get(unknown, 'http://nowhere.example/'))).message).toContain('ENOTFOUND nowhere.example');
  });
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
