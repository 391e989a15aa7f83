import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunFailure } from '../../src/kernel/errors.ts';
import { GuardedHttpClient } from '../../src/outgoing/guarded-client.ts';
import { httpRequest } from '../../src/tools/builtin/http-request.ts';
import { ToolRegistry } from '../../src/tools/registry.ts';
import { listen, type TestServer } from '../outgoing/test-server.ts';
import { options } from './test-tools.ts';

interface Seen {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

const client = new GuardedHttpClient({ allow: ['127.0.0.1'] });
const registry = new ToolRegistry();
registry.register(httpRequest(client));
let server: TestServer;

/** Answers what it was sent as JSON, or what the query asks for: `status`, `type`, `send` (base64). */
beforeAll(async () => {
  server = await listen((request, response) => {
    const { searchParams } = new URL(request.url ?? '/', 'http://x');
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    request.on('end', () => {
      response.statusCode = Number(searchParams.get('status') ?? 200);
      const send = searchParams.get('send');
      const type = searchParams.get('type') ?? (send === null ? 'application/json' : '');
      if (type !== '') response.setHeader('content-type', type);
      if (send !== null) response.end(Buffer.from(send, 'base64'));
      else response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }));
    });
  });
});
afterAll(async () => {
  await client.close();
  await server.close();
});

const call = async (input: Record<string, unknown>) =>
  (await registry.invoke('http.request', { url: server.origin, ...input }, options())) as Record<string, unknown> & {
    body: unknown;
  };
const seenBy = async (input: Record<string, unknown>) => (await call(input)).body as Seen;
const urlOf = (query: Record<string, string>) => `${server.origin}/?${new URLSearchParams(query)}`;
const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64');

async function failureOf(input: Record<string, unknown>): Promise<RunFailure> {
  const error = await call(input).then(
    () => new Error('It did not fail.'),
    (reason: unknown) => reason,
  );
  if (error instanceof RunFailure) return error;
  throw error;
}

describe('http.request', () => {
  it('answers status, headers, parsed body and time', async () => {
    const output = await call({});
    expect(output).toMatchObject({
      status: 200,
      encoding: 'json',
      url: `${server.origin}/`,
      duration_ms: expect.any(Number),
    });
    expect(output.headers).toMatchObject({ 'content-type': 'application/json' });
    expect(output.body).toMatchObject({ method: 'GET', url: '/', body: '' });
  });

  it('sends query, headers and JSON', async () => {
    const seen = await seenBy({
      url: `${server.origin}/x?a=1`,
      method: 'post',
      query: { b: 'ä&', c: [1, true], d: null },
      headers: { 'X-Mine': 'yes' },
      json: { n: [1] },
    });
    expect(seen).toMatchObject({ method: 'POST', url: '/x?a=1&b=%C3%A4%26&c=1&c=true', body: '{"n":[1]}' });
    expect(seen.headers).toMatchObject({ 'x-mine': 'yes', 'content-type': 'application/json' });
  });

  it('sends text as it is, and null as JSON', async () => {
    expect(await seenBy({ method: 'PUT', body: 'plain' })).toMatchObject({ body: 'plain' });
    expect(await seenBy({ method: 'PUT', json: null })).toMatchObject({ body: 'null' });
  });

  it.each([
    ['POST', 'run:step'],
    ['PUT', 'run:step'],
    ['PATCH', 'run:step'],
    ['DELETE', 'run:step'],
    ['GET', undefined],
    ['OPTIONS', undefined],
  ])('%s carries the idempotency key %s', async (method, key) => {
    expect((await seenBy({ method })).headers['idempotency-key']).toBe(key);
  });

  it('keeps an idempotency key and a content type of the caller', async () => {
    const headers = { 'Idempotency-KEY': 'mine', 'Content-type': 'application/vnd.x+json' };
    const seen = await seenBy({ method: 'POST', json: {}, headers });
    expect(seen.headers).toMatchObject({ 'idempotency-key': 'mine', 'content-type': 'application/vnd.x+json' });
  });

  it.each([
    ['application/json', '{"a":1}', { a: 1 }, 'json'],
    ['application/problem+json; charset=utf-8', '[1]', [1], 'json'],
    ['application/json', '', null, 'json'],
    ['application/json', '{"a"', '{"a"', 'text'],
    ['text/plain; charset=utf-8', 'grüße', 'grüße', 'text'],
    ['application/xml', '<a/>', '<a/>', 'text'],
    ['text/plain', '', '', 'text'],
    ['', 'looks like text', 'looks like text', 'text'],
  ])('reads %s %j', async (type, text, body, encoding) => {
    expect(await call({ url: urlOf({ type, send: base64(text) }) })).toMatchObject({ body, encoding });
  });

  it('reads other charsets, and gives bytes as base64', async () => {
    const latin = new Uint8Array([0x67, 0x72, 0xfc, 0xdf, 0x65]);
    const send = base64(latin);
    expect(await call({ url: urlOf({ type: 'text/plain; charset="iso-8859-1"', send }) })).toMatchObject({
      body: 'grüße',
    });
    for (const type of ['image/png', 'text/plain', '', 'text/plain; charset=nonsense']) {
      expect(await call({ url: urlOf({ type, send }) })).toMatchObject({ body: send, encoding: 'base64' });
    }
  });

  it.each([
    [400, 'http_rejected', false],
    [401, 'authentication_failed', false],
    [403, 'permission_denied', false],
    [404, 'not_found', false],
    [408, 'http_error', true],
    [409, 'http_rejected', false],
    [410, 'not_found', false],
    [422, 'http_rejected', false],
    [425, 'http_error', true],
    [429, 'http_error', true],
    [500, 'http_error', true],
    [503, 'http_error', true],
  ])('takes status %i for %s (retryable: %s)', async (status, code, retryable) => {
    const url = urlOf({ status: String(status), send: base64(`reason ${'x'.repeat(500)}`), type: 'text/plain' });
    const failure = await failureOf({ url });
    expect(failure).toMatchObject({ code, retryable });
    expect(failure.message).toBe(`GET ${server.origin}/ answered ${status}: reason ${'x'.repeat(193)}`);
    expect(await call({ url, fail_on_status: false })).toMatchObject({ status });
  });

  it.each([
    [{ url: 'nonsense' }, 'is no URL'],
    [{ method: 'TRACE' }, 'does not send TRACE'],
    [{ method: 'CONNECT' }, 'does not send CONNECT'],
    [{ method: 'G T' }, 'method is'],
    [{ json: {}, body: '' }, 'must NOT be valid'],
    [{ uri: 'x' }, 'Did you mean url?'],
  ])('refuses %j', async (input, sentence) => {
    const failure = await failureOf(input);
    expect(failure.code).toBe('input_invalid');
    expect(failure.message).toContain(sentence);
  });

  it('holds the limits of the input', async () => {
    const url = urlOf({ send: base64('x'.repeat(50)), type: 'text/plain' });
    expect((await failureOf({ url, max_response_bytes: 49 })).code).toBe('output_too_large');
    expect(await call({ url, max_response_bytes: 50 })).toMatchObject({ body: 'x'.repeat(50) });
  });
});
