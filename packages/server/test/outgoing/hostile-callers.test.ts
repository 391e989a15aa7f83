import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { listenRaw, type RawServer } from './raw-server.ts';
import { failureOf, get, local } from './test-client.ts';
import { listen, type TestServer } from './test-server.ts';

let server: RawServer;
afterEach(() => server?.close());
const listening = async (): Promise<RawServer> => {
  server = await listenRaw((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'));
  return server;
};

describe('a header of the caller', () => {
  it.each([
    'Host',
    'HOST',
    'Content-Length',
    'Transfer-Encoding',
    'Connection',
    '\u212aeep-Alive',
    'Keep-Alive',
    'Proxy-Connection',
    'Upgrade',
    'HTTP2-Settings',
    'TE',
    'Trailer',
    'Expect',
  ])('cannot be %s', async (name) => {
    const { origin, connections } = await listening();
    const failure = await failureOf(get(local(), origin, { method: 'POST', body: 'abc', headers: { [name]: '3' } }));
    expect(failure).toMatchObject({ code: 'input_invalid', message: expect.stringContaining(name.toLowerCase()) });
    expect(connections()).toBe(0);
  });

  it.each([
    { 'x-a': 'b\r\nx-c: d' },
    { 'x-a': 'b\nx-c: d' },
    { 'x-a': 'b\rx-c: d' },
    { 'x-a': 'b\0' },
    // The low bytes of these are CR and LF.
    { 'x-a': 'b\u010d\u010ax-c: d' },
    { 'a b': 'c' },
    { 'a\r\nb': 'c' },
    { 'a:b': 'c' },
    { ':path': '/' },
    { '': 'c' },
  ])('cannot make others: %j', async (headers) => {
    const { origin, connections } = await listening();
    expect((await failureOf(get(local(), origin, { headers }))).code).toBe('input_invalid');
    expect(connections()).toBe(0);
  });

  it('comes to the other side as it was given, beside those of the client', async () => {
    const { origin, received } = await listening();
    await get(local(), `${origin}/x`, { method: 'post', body: 'äbc', headers: { 'X-A': 'b', __proto__x: 'c' } });
    const [head, body] = received().split('\r\n\r\n');
    expect(head?.split('\r\n').sort()).toEqual([
      'POST /x HTTP/1.1',
      '__proto__x: c',
      'connection: keep-alive',
      'content-length: 4',
      `host: ${origin.slice('http://'.length)}`,
      expect.stringMatching(/^user-agent: ordinaut\//),
      'x-a: b',
    ]);
    expect(body).toBe('\u00c3\u00a4bc');
  });
});

describe('a URL of the caller', () => {
  it.each([
    ['/a\r\nX-A: b', '/aX-A:%20b'],
    ['/a HTTP/1.1\r\nHost: evil.example\r\n\r\nGET /', '/a%20HTTP/1.1Host:%20evil.exampleGET%20/'],
    ['/a%0d%0aX-A:%20b', '/a%0d%0aX-A:%20b'],
    ['/a\u010d\u010aX-A: b', '/a%C4%8D%C4%8AX-A:%20b'],
    ['/?q=\r\nX-A: b#\r\nX-B: c', '/?q=X-A:%20b'],
    ['/..\\..\\x', '/x'],
  ])('makes one request line: %j', async (path, sent) => {
    const { origin, received } = await listening();
    await get(local(), origin + path);
    expect(received().split('\r\n')[0]).toBe(`GET ${sent} HTTP/1.1`);
    expect(received()).not.toMatch(/^(X-|Host: evil)/m);
  });
});

describe('a method of the caller', () => {
  it.each([
    'CONNECT',
    'connect',
    'TRACE',
    'GET / HTTP/1.1\r\nX-A: b\r\n\r\nGET',
    'G T',
    '',
    'GET\n',
    'GE\u0000T',
    'ＧＥＴ',
  ])('cannot be %j', async (method) => {
    const { origin, connections } = await listening();
    const failure = await failureOf(get(local(), origin, { method }));
    expect(failure.code).toBe('input_invalid');
    expect(failure.message).not.toMatch(/[\r\n]/);
    expect(connections()).toBe(0);
  });
});

describe('secrets', () => {
  let first: TestServer;
  let other: TestServer;
  beforeAll(async () => {
    other = await listen((request, response) => response.end(JSON.stringify(request.headers)));
    first = await listen((request, response) => {
      response.writeHead(302, { location: decodeURIComponent((request.url ?? '').slice(1)) }).end();
    });
  });
  afterAll(() => Promise.all([first.close(), other.close()]));

  const secrets = {
    Authorization: 's',
    'Proxy-Authorization': 's',
    Cookie: 's',
    Cookie2: 's',
    'X-API-Key': 's',
    Apikey: 's',
    'X-Auth-Token': 's',
    'Private-Token': 's',
    'X-Amz-Security-Token': 's',
    'Ocp-Apim-Subscription-Key': 's',
    'X-Hub-Signature-256': 's',
    'X-Client-Secret': 's',
    'X-Session-Id': 's',
  };
  const others = { 'Idempotency-Key': 'k', 'X-Mine': 'm', Accept: 'a', 'Content-Type': 'text/plain' };

  it('stay with the origin they were given for', async () => {
    const url = `${first.origin}/${encodeURIComponent(`${other.origin}/`)}`;
    const got = JSON.parse((await get(local(), url, { headers: { ...secrets, ...others } })).body.toString());
    for (const name of Object.keys(secrets)) expect(got).not.toHaveProperty(name.toLowerCase());
    expect(got).toMatchObject({ 'idempotency-key': 'k', 'x-mine': 'm', accept: 'a', 'content-type': 'text/plain' });
  });

  it('do not come back when the redirects come back', async () => {
    const seen: unknown[] = [];
    const home = await listen((request, response) => {
      seen.push(request.headers.authorization);
      if (seen.length > 1) response.end('home');
      else response.writeHead(302, { location: `${first.origin}/${encodeURIComponent(`${home.origin}/`)}` }).end();
    });
    await get(local(), home.origin, { headers: secrets });
    expect(seen).toEqual(['s', undefined]);
    await home.close();
  });
});

describe('the variables of a proxy', () => {
  it('lead nowhere, not even with NODE_USE_ENV_PROXY', async () => {
    const proxy = await listening();
    const target = await listen((_request, response) => response.end('direct'));
    const client = join(import.meta.dirname, '../../src/outgoing/guarded-client.ts');
    const script = `
      import { GuardedHttpClient } from ${JSON.stringify(client)};
      const client = new GuardedHttpClient({ allow: ['127.0.0.1'] });
      const request = { method: 'GET', signal: new AbortController().signal, timeoutMs: 5000, maxResponseBytes: 100, maxRedirects: 0 };
      const { body } = await client.request({ ...request, url: ${JSON.stringify(target.origin)} });
      const refused = await client.request({ ...request, url: 'http://10.0.0.1/' }).catch(({ code }) => code);
      console.log(String(body), refused);
      await client.close();`;
    const env = Object.fromEntries(
      ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY', 'all_proxy'].map((name) => [name, proxy.origin]),
    );
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=ordinaut-source', '--input-type=module', '--eval', script],
      { env: { ...process.env, ...env, NODE_USE_ENV_PROXY: '1', NO_PROXY: '', no_proxy: '' } },
    );
    expect(stdout.trim()).toBe('direct permission_denied');
    expect(proxy.connections()).toBe(0);
    await target.close();
  });
});
