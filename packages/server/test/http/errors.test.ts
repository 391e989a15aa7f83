import { httpErrors } from '@ordinaut/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from './running-server.ts';

let api: TestServer;
beforeAll(async () => {
  api = await startServer({ ORDINAUT_BODY_LIMIT_BYTES: '2048' });
});
afterAll(() => api[Symbol.asyncDispose]());

const json = { 'content-type': 'application/json' };
const someId = '01890000-0000-7000-8000-000000000001';

/** Sends, and holds every refusal to the one shape that all of them have. */
async function refused(path: string, init: RequestInit, status: number) {
  const response = await fetch(api.url + path, init);
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  const body = (await response.json()) as Record<string, unknown> & { details: Record<string, unknown> };
  expect(Object.keys(body).sort()).toEqual(['details', 'error', 'message', 'request_id', 'timestamp']);
  expect(body.request_id).toBe(response.headers.get('x-request-id'));
  expect(httpErrors).toHaveProperty([body.error as string, 'status'], status);
  return { body, response };
}

describe('paths and methods', () => {
  test('an unknown path is 404 under every prefix and method', async () => {
    for (const path of ['/nope', '/api/v1/nope', '/api/v2/tasks', '/api/v10', '/api/v1/api/v1/tasks', '/docs/nope'])
      await refused(path, {}, 404);
    const { body } = await refused('/api/v1/nope?secret=1', {}, 404);
    expect(body.details).toEqual({ what: 'path', id: '/api/v1/nope' });
    await refused('/nope', { method: 'POST', body: '{}', headers: json }, 404);
  });

  test('a known path with another method is 405 and says what it answers', async () => {
    const { response, body } = await refused(`/tasks/${someId}/pause`, { method: 'GET' }, 405);
    expect(response.headers.get('allow')).toBe('POST, OPTIONS');
    expect(body.details).toEqual({ method: 'GET', allowed: ['POST'] });
    const list = await refused('/api/v1/tasks', { method: 'DELETE' }, 405);
    expect(list.response.headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS');
    expect(list.body).toMatchObject({
      message: '/api/v1/tasks does not answer DELETE; it answers GET, HEAD, POST.',
      details: { allowed: ['GET', 'HEAD', 'POST'] },
    });
    await refused('/tasks', { method: 'PROPFIND' }, 405);
  });

  test('OPTIONS says what a path answers', async () => {
    const response = await fetch(`${api.url}/tasks`, { method: 'OPTIONS' });
    expect([response.status, response.headers.get('allow')]).toEqual([204, 'GET, HEAD, POST, OPTIONS']);
  });

  test('a path that is not valid is 400', async () => {
    for (const path of ['/tasks/%zz', '/%c0%ae', `/tools/${'a'.repeat(300)}`, '/tools/a%2Fb'])
      await refused(path, {}, 400);
  });
});

describe('parameters', () => {
  test('every bad path and query value is told at once', async () => {
    const { body } = await refused('/tasks/zzz/stats?days=0&dys=1', {}, 400);
    expect((body.details.errors as { field: string }[]).map(({ field }) => field)).toEqual(['id', 'dys', 'days']);
    expect(body.details.errors).toContainEqual({ field: 'dys', issue: 'is not a known field. Did you mean days?' });
  });

  test('an operation without a query refuses any', async () => {
    await refused('/health/live?x=1', {}, 400);
    await refused('/tasks?__proto__=1', {}, 400);
    await refused('/tasks?limit=5&limit=6', {}, 400);
    await refused('/tasks?limit=', {}, 400);
  });

  test('values are read as what they are', async () => {
    const response = await fetch(`${api.url}/tasks?limit=7&offset=0`);
    expect(await response.json()).toMatchObject({ limit: 7, offset: 0, items: [] });
  });
});

describe('bodies', () => {
  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = json) => ({
    method: 'POST',
    body,
    headers,
  });

  test.each([
    ['malformed JSON', '{"title": ', /not valid JSON/],
    ['a key that poisons prototypes', '{"__proto__": {"admin": true}}', /__proto__/],
    ['such a key in escapes', '{"\\u005f_proto__": 1}', /__proto__/],
    ['such a key deep inside', '{"payload": {"params": {"a": [{"__proto__": 1}]}}}', /__proto__/],
    ['constructor.prototype', '{"constructor": {"prototype": {"x": 1}}}', /constructor/],
    ['nesting without end', '['.repeat(1000), /nested deeper than 200/],
    ['a list', '[]', /^body: is an array; it must be an object with title, schedule_kind, payload$/],
    ['null', 'null', /^body: is null; it must be an object with title/],
  ])('%s is 400', async (_name, text, message) => {
    const { body } = await refused('/tasks', post(text), 400);
    expect(body.message).toMatch(message);
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });

  test('braces in texts are no nesting', async () => {
    const { body } = await refused('/tasks', post(JSON.stringify({ title: '[{'.repeat(300) })), 400);
    expect(body.message).not.toContain('nested');
  });

  test('a missing body is 400, where one is needed', async () => {
    const { body } = await refused('/tasks', { method: 'POST' }, 400);
    expect(body.message).toContain('the body is missing');
    await refused('/tasks', post('', json), 400);
  });

  test('a body where none is read is 400, an empty object is not', async () => {
    await refused(`/tasks/${someId}/pause`, post('{"a": 1}'), 400);
    await refused(`/tasks/${someId}/pause`, post('{}'), 404);
    await refused(`/tasks/${someId}/pause`, post(''), 404);
  });

  test('bytes that are no UTF-8 are 400', async () => {
    await refused('/tasks', post(new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])), 400);
  });

  test.each([
    ['text/plain'],
    ['application/x-www-form-urlencoded'],
    ['application/json; charset=latin1'],
    ['multipart/form-data; boundary=x'],
    ['nonsense'],
  ])('content type %s is 415', async (type) => {
    await refused('/tasks', post('{}', { 'content-type': type }), 415);
  });

  test('a compressed body is 415, as nothing would read it', async () => {
    await refused('/tasks', post('{}', { ...json, 'content-encoding': 'gzip' }), 415);
  });

  test('a body over the limit is 413 and says the limit', async () => {
    const { body } = await refused('/tasks', post(JSON.stringify({ title: 'x'.repeat(3000) })), 413);
    expect(body.details).toEqual({ limit_bytes: 2048 });
  });

  test('every bad field of a body is told at once, nothing is coerced or dropped', async () => {
    const task = {
      title: 5,
      schedule_kind: 'cron',
      schedule_expr: '* * * * *',
      payload: { pipeline: [] },
      priority: '5',
      x: 1,
    };
    const { body } = await refused('/tasks', post(JSON.stringify(task)), 400);
    const named = (body.details.errors as { field: string }[]).map(({ field }) => field).sort();
    expect(named).toEqual(['priority', 'title', 'x']);
  });
});

describe('headers', () => {
  test('a request id is taken over when it can be, and made when not', async () => {
    const given = await fetch(`${api.url}/`, { headers: { 'x-request-id': 'abc-123' } });
    expect(given.headers.get('x-request-id')).toBe('abc-123');
    for (const bad of ['x'.repeat(129), 'a b', '\u00e9']) {
      const response = await fetch(`${api.url}/nope`, { headers: { 'x-request-id': bad } });
      expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  test('a bad Idempotency-Key is 400', async () => {
    for (const key of ['x'.repeat(256), '\u00e9']) {
      const init = { method: 'POST', body: '{}', headers: { ...json, 'idempotency-key': key } };
      const { body } = await refused('/tools/core.echo/call', init, 400);
      expect(body.details.field).toBe('Idempotency-Key');
    }
  });

  test('every answer has the security headers', async () => {
    for (const path of ['/', '/nope', '/tasks/%zz', '/openapi.json']) {
      const { headers } = await fetch(api.url + path);
      expect(headers.get('content-security-policy'), path).toBe("default-src 'none'; frame-ancestors 'none'");
      expect(headers.get('x-content-type-options'), path).toBe('nosniff');
    }
    for (const path of ['/docs', '/docs/static/swagger-ui.css']) {
      const { headers } = await fetch(api.url + path);
      expect(headers.get('content-security-policy'), path).toContain("default-src 'self'");
      expect(headers.get('x-frame-options'), path).toBe('DENY');
      expect(headers.get('x-content-type-options'), path).toBe('nosniff');
    }
  });
});
