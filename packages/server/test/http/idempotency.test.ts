import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from './running-server.ts';

let api: TestServer;
beforeAll(async () => {
  api = await startServer();
});
afterAll(() => api[Symbol.asyncDispose]());

const task = { title: 'Keyed', schedule_kind: 'event', event_topic: 'x', payload: { pipeline: [] } };
const create = (key: string, body: unknown = task, prefix = '') =>
  fetch(`${api.url}${prefix}/tasks`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
  });
const total = async () => ((await (await fetch(`${api.url}/tasks`)).json()) as { total: number }).total;

test('the same request with the same key is done once and answered alike, by either prefix', async () => {
  const before = await total();
  const first = await create('once');
  const again = await create('once', task, '/api/v1');
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(first.headers.get('idempotency-replayed')).toBeNull();
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect(await again.text()).toBe(await first.text());
  expect(await total()).toBe(before + 1);
});

test('the same key with another request is a conflict', async () => {
  await create('other');
  const response = await create('other', { ...task, title: 'Another' });
  expect(response.status).toBe(409);
  expect(response.headers.get('retry-after')).toBeNull();
});

test('a refusal is kept as well', async () => {
  const first = await create('refused', {});
  const again = await create('refused', {});
  expect([first.status, again.status]).toEqual([400, 400]);
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect(await again.text()).toBe(await first.text());
});

test('of twenty at the same moment one is done; the others are its answer or are asked to come again', async () => {
  const before = await total();
  const answers = await Promise.all(Array.from({ length: 20 }, () => create('crowd')));
  expect(await total()).toBe(before + 1);
  for (const answer of answers) {
    if (answer.status === 409) expect(answer.headers.get('retry-after')).toBe('1');
    else expect(answer.status).toBe(201);
  }
  expect((await create('crowd')).headers.get('idempotency-replayed')).toBe('true');
});

test('without a key every request is done', async () => {
  const before = await total();
  const init = { method: 'POST', body: JSON.stringify(task), headers: { 'content-type': 'application/json' } };
  await fetch(`${api.url}/tasks`, init);
  await fetch(`${api.url}/tasks`, init);
  expect(await total()).toBe(before + 2);
});
