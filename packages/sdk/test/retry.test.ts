import { expect, test } from 'vitest';
import {
  type ClientEvent,
  ConnectionError,
  OrdinautClient,
  PartialOutageError,
  RateLimitError,
  ServerError,
} from '../src/index.ts';
import { backoffMs } from '../src/transport/retry-rule.ts';
import { mode, publication } from './support/answers.ts';
import { closedPort, startProbe } from './support/probe-server.ts';
import { thrownBy } from './support/thrown-by.ts';

const quick = { baseMs: 4, maxMs: 40 };

test.each([408, 429, 500, 502, 503, 504])('%i is tried again, three times in all', async (status) => {
  await using server = await startProbe((probe) => probe.fail(status, 'some_code'));
  const client = new OrdinautClient({ baseUrl: server.url, retry: quick });
  const error = await thrownBy(client.system.mode());
  expect(server.requests).toHaveLength(3);
  expect(error).toMatchObject({
    status,
    code: 'some_code',
    retryable: true,
    requestId: 'r-3',
    operation: 'system.mode',
  });
});

test.each([400, 403, 404, 405, 409, 413, 415, 422, 501])('%i is not tried again', async (status) => {
  await using server = await startProbe((probe) => probe.fail(status, 'some_code'));
  const client = new OrdinautClient({ baseUrl: server.url, retry: quick });
  await expect(client.system.mode()).rejects.toMatchObject({ status });
  expect(server.requests).toHaveLength(1);
});

test('a keyed operation goes again with the key it was first sent with', async () => {
  await using server = await startProbe((probe) =>
    probe.number < 3 ? probe.fail(500, 'internal_error') : probe.json(202, publication),
  );
  const client = new OrdinautClient({ baseUrl: server.url, retry: quick });
  await client.events.publish({ topic: 'a.b' });
  await client.events.publish({ topic: 'a.b' });
  const keys = server.requests.map(({ headers }) => headers['idempotency-key']);
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(keys.slice(0, 3)).toEqual([keys[0], keys[0], keys[0]]);
  expect(keys[3]).not.toBe(keys[0]);
});

test('what is done once only is sent once only, and without a key', async () => {
  await using server = await startProbe((probe) => probe.fail(500, 'internal_error'));
  const client = new OrdinautClient({ baseUrl: server.url, retry: quick });
  await expect(client.users.create({ username: 'bob' })).rejects.toThrow(ServerError);
  expect(server.requests).toHaveLength(1);
  expect(server.requests[0]?.headers['idempotency-key']).toBeUndefined();
});

test('a keyed call whose first request is still being answered waits for that answer', async () => {
  await using server = await startProbe((probe) => {
    if (probe.number === 1) return probe.response.destroy();
    if (probe.number === 2) return probe.fail(409, 'conflict', { 'retry-after': '0' });
    return probe.json(202, publication, { 'idempotency-replayed': 'true' });
  });
  const client = new OrdinautClient({ baseUrl: server.url, retry: quick });
  const { response } = await client.events.publish({ topic: 'a.b' }).withResponse();
  expect(response.headers.get('idempotency-replayed')).toBe('true');
});

test('the error tells the attempts, and the key to go on with', async () => {
  await using server = await startProbe((probe) => probe.fail(500, 'internal_error'));
  const client = new OrdinautClient({ baseUrl: server.url, retry: quick });
  const error = await thrownBy(client.events.publish({ topic: 'a.b' }, { idempotencyKey: 'mine' }));
  expect(error).toMatchObject({
    idempotencyKey: 'mine',
    attempts: [
      { number: 1, status: 500, code: 'internal_error', requestId: 'r-1', waitedMs: expect.any(Number) },
      { number: 2, waitedMs: expect.any(Number) },
      { number: 3, waitedMs: null },
    ],
  });
});

test('a burst of 429 is waited for as asked, and then for a random time, bounded', async () => {
  const seen = new Map<string, number>();
  await using server = await startProbe((probe) => {
    const times = (seen.get(probe.path) ?? 0) + 1;
    seen.set(probe.path, times);
    if (times === 1) probe.fail(429, 'rate_limit_exceeded', { 'retry-after': '1' });
    else probe.json(200, mode);
  });
  const waits: number[] = [];
  const observe = (event: ClientEvent) => void (event.type === 'retry' && waits.push(event.delayMs));
  const client = new OrdinautClient({
    baseUrl: server.url,
    observers: [{ observe }],
    retry: { budget: 30 },
    validation: { responses: 'off' },
  });
  await Promise.all(Array.from({ length: 20 }, (_, index) => client.tools.get(`tool-${index}`)));
  expect(waits).toHaveLength(20);
  for (const wait of waits) {
    expect(wait).toBeGreaterThanOrEqual(1000);
    expect(wait).toBeLessThan(1250);
  }
  expect(new Set(waits).size).toBeGreaterThan(15);
  expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(80);
});

test('the wait is random × min(250 ms × 2ⁿ, 8 s)', () => {
  const rule = { baseMs: 250, maxMs: 8000 };
  expect([0, 1, 2, 5, 6, 60].map((retries) => backoffMs(retries, rule, () => 1))).toEqual([
    250, 500, 1000, 8000, 8000, 8000,
  ]);
  expect(backoffMs(3, rule, () => 0)).toBe(0);
  expect(backoffMs(3, rule, () => 0.25)).toBe(500);
});

test.each([
  ['seconds', '120', 120_000],
  ['a date', 'Thu, 01 Jan 2026 00:02:00 GMT', 120_000],
])('a Retry-After in %s beyond the deadline fails at once, and says when', async (_, value, retryAfterMs) => {
  await using server = await startProbe((probe) =>
    probe.fail(429, 'rate_limit_exceeded', { 'retry-after': value, date: 'Thu, 01 Jan 2026 00:00:00 GMT' }),
  );
  const client = new OrdinautClient({ baseUrl: server.url });
  const began = performance.now();
  const error = await thrownBy(client.system.mode());
  expect(performance.now() - began).toBeLessThan(1000);
  expect(error).toBeInstanceOf(RateLimitError);
  expect(error).toMatchObject({ retryAfterMs, retryable: true });
  expect(server.requests).toHaveLength(1);
});

test.each(['soon', '-5', '1.5', '2030-01-01', 'Thursday, 01-Jan-26 00:02:00 GMT', 'Thu, 01 Jan 2015 00:00:00 GMT'])(
  'a Retry-After of "%s" says nothing: the own wait counts, and is none of 0',
  async (value) => {
    await using server = await startProbe((probe) => probe.fail(503, 'unavailable', { 'retry-after': value }));
    const waits: number[] = [];
    const observe = (event: ClientEvent) => void (event.type === 'retry' && waits.push(event.delayMs));
    const client = new OrdinautClient({
      baseUrl: server.url,
      retry: quick,
      random: () => 0.5,
      observers: [{ observe }],
    });
    await expect(client.system.mode()).rejects.toMatchObject({ retryAfterMs: null });
    expect(waits).toEqual([2, 4]);
  },
);

test('in a full outage 300 calls are at most 330 requests', async () => {
  await using server = await startProbe((probe) => probe.fail(503, 'unavailable'));
  const client = new OrdinautClient({ baseUrl: server.url, retry: quick, circuit: false });
  const results = await Promise.allSettled(Array.from({ length: 300 }, () => client.system.mode()));
  expect(results.every(({ status }) => status === 'rejected')).toBe(true);
  expect(server.requests.length).toBeLessThanOrEqual(330);
  expect(client.stats()).toMatchObject({ calls: 300, retries: 10, budget: { left: 0, capacity: 10 } });
});

test('and with its circuit it sends far fewer', async () => {
  await using server = await startProbe((probe) => probe.fail(503, 'unavailable'));
  const client = new OrdinautClient({ baseUrl: server.url, retry: quick });
  const results = await Promise.allSettled(Array.from({ length: 300 }, () => client.system.mode()));
  const errors = results.map((result) => (result.status === 'rejected' ? result.reason : null));
  expect(errors.filter((error) => error instanceof PartialOutageError).length).toBeGreaterThan(200);
  expect(server.requests.length).toBeLessThanOrEqual(60);
});

test('successes fill the budget again', async () => {
  let isDown = true;
  await using server = await startProbe((probe) =>
    isDown ? probe.fail(500, 'internal_error') : probe.json(200, mode),
  );
  const client = new OrdinautClient({ baseUrl: server.url, retry: { ...quick, budget: 2, refill: 0.5 } });
  await expect(client.system.mode()).rejects.toThrow(ServerError);
  await expect(client.system.mode()).rejects.toThrow(ServerError);
  expect(server.requests).toHaveLength(4);
  isDown = false;
  await client.system.mode();
  await client.system.mode();
  expect(client.stats().budget.left).toBe(1);
  isDown = true;
  await expect(client.system.mode()).rejects.toThrow(ServerError);
  expect(server.requests).toHaveLength(8);
});

test('a server that is not there is tried three times', async () => {
  const client = new OrdinautClient({ baseUrl: `http://127.0.0.1:${await closedPort()}`, retry: quick });
  const error = await thrownBy(client.system.mode());
  expect(error).toBeInstanceOf(ConnectionError);
  expect(error).toMatchObject({
    message: expect.stringContaining('ECONNREFUSED'),
    attempts: { length: 3 },
    status: null,
  });
});

test('something else that answers is told from the server', async () => {
  await using server = await startProbe(({ response, number }) => {
    if (number === 1) response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Router</h1>');
    else response.writeHead(302, { location: 'https://elsewhere.example/login' }).end();
  });
  const client = new OrdinautClient({ baseUrl: server.url });
  await expect(client.system.mode()).rejects.toThrow('but not as Ordinaut does: <h1>Router</h1>');
  await expect(client.system.mode()).rejects.toThrow('baseUrl has to be the address of the server itself');
});

test('what is done once only goes again after a 429, since it was not begun', async () => {
  await using server = await startProbe((probe) =>
    probe.number === 1 ? probe.fail(429, 'rate_limit_exceeded') : probe.fail(500, 'internal_error'),
  );
  const client = new OrdinautClient({ baseUrl: server.url, retry: quick });
  await expect(client.users.create({ username: 'bob' })).rejects.toThrow(ServerError);
  expect(server.requests).toHaveLength(2);
});

test('a Retry-After beyond maxRetryAfterMs fails the call, and the opening of a stream, at once', async () => {
  await using server = await startProbe((probe) => probe.fail(429, 'rate_limit_exceeded', { 'retry-after': '5' }));
  const client = new OrdinautClient({ baseUrl: server.url, retry: { ...quick, maxRetryAfterMs: 4_999 } });
  await expect(client.system.mode()).rejects.toMatchObject({ retryAfterMs: 5_000 });
  const events = client.events.subscribe()[Symbol.asyncIterator]();
  await expect(events.next()).rejects.toMatchObject({ retryAfterMs: 5_000 });
  expect(server.requests).toHaveLength(2);
});

test('an answer without a body is none of the server', async () => {
  await using server = await startProbe(({ response }) => response.writeHead(200).end());
  const client = new OrdinautClient({ baseUrl: server.url, validation: { responses: 'off' } });
  await expect(client.system.mode()).rejects.toMatchObject({ kind: 'unexpected_answer', status: 200 });
});

test('the error has the body of the server as it came, and says where another answer leads', async () => {
  await using server = await startProbe((probe) => {
    if (probe.number === 1) probe.fail(404, 'not_found', {}, { what: 'task' });
    else if (probe.number === 2) probe.response.writeHead(404).end('<h1>Nothing</h1>');
    else probe.response.writeHead(301, { location: 'https://elsewhere.example/' }).end();
  });
  const client = new OrdinautClient({ baseUrl: server.url });
  const error = await thrownBy(client.system.mode());
  expect(error).toMatchObject({ body: { error: 'not_found', details: { what: 'task' }, request_id: 'r-1' } });
  expect(Object.keys(Object(error))).not.toContain('body');
  await expect(client.system.mode()).rejects.toMatchObject({ kind: 'not_found', body: null });
  await expect(client.system.mode()).rejects.toMatchObject({ details: { location: 'https://elsewhere.example/' } });
});
