import { ConflictError, TimeoutError } from '@ordinaut/sdk';
import { createTestServer, ManualClock, type TestServer } from '@ordinaut/sdk/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Finding } from './incident.ts';
import { IncidentClosedError, Soc, UnknownPlaybookError } from './soc.ts';

const clock = new ManualClock();
let server: TestServer;
let soc: Soc;
beforeEach(() => {
  server = createTestServer({ clock });
  const { fetch } = server;
  const login = { username: 'admin', password: 'admin password' };
  soc = new Soc({ baseUrl: 'https://soc.example', ...login, fetch, clock, random: () => 1 });
});
afterEach(async () => {
  soc.end();
  await server.close();
});

const finding: Finding = { what: 'Backdoor', where: 'edr', urgency: 'now', addresses: ['203.0.113.7'] };

test('a finding is an incident, and the same again is the same', async () => {
  const first = await soc.report(finding);
  expect(first).toMatchObject({
    isNew: true,
    incident: { what: 'Backdoor', urgency: 'now', state: 'waiting', times: 1 },
  });
  const again = await soc.report(finding);
  expect(again).toMatchObject({ isNew: false, incident: { id: first.incident.id, times: 2 } });
});

test('the most urgent waits first, then the oldest', async () => {
  for (const [what, urgency] of [
    ['a', 'later'],
    ['b', 'now'],
    ['c', 'later'],
    ['d', 'today'],
  ] as const) {
    await soc.report({ ...finding, what, urgency });
    await clock.advance(1_000);
  }
  expect((await soc.waiting()).map(({ what }) => what)).toEqual(['b', 'd', 'a', 'c']);
});

test('who takes it has it, and a closed one is refused in our words', async () => {
  const { incident } = await soc.report(finding);
  expect(await soc.take(incident.id, 'ada')).toMatchObject({ owner: 'ada', state: 'in work' });
  expect(await soc.take(incident.id, 'bob')).toMatchObject({ owner: 'ada' });
  expect(await soc.waiting()).toEqual([]);
  expect(await soc.close(incident.id, 'harmless')).toMatchObject({ state: 'closed' });
  const refused = await soc.close(incident.id, 'fixed').catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(IncidentClosedError);
  expect(Reflect.get(Object(refused), 'cause')).toBeInstanceOf(ConflictError);
});

test('a playbook is run once for one key, and one that is not there is named with those that are', async () => {
  const task = server.seed.task({ title: 'isolate host' });
  server.faults.next({ operation: 'tasks.run_now', status: 500, processed: true });
  const run = await clock.until(soc.playbook('isolate host', { host: 'shop' }, { key: 'case-7' }));
  expect(run).toMatchObject({ task_id: task.id, status: 'succeeded', params: { host: 'shop' } });
  expect(server.state.runs.size).toBe(1);
  await expect(soc.playbook('isolate hosts', {})).rejects.toThrow(
    new UnknownPlaybookError('There is no playbook "isolate hosts"; there are "isolate host".'),
  );
});

test('each kind of call has its own patience', async () => {
  const { incident } = await soc.report(finding);
  const timeOf = async (something: Promise<unknown>): Promise<number> => {
    const begun = clock.monotonic();
    const error = await clock.until(something.catch((thrown: unknown) => thrown));
    expect(error).toBeInstanceOf(TimeoutError);
    return clock.monotonic() - begun;
  };
  server.faults.next({ hang: true, times: Number.POSITIVE_INFINITY });
  expect(await timeOf(soc.waiting())).toBe(10_000);
  expect(await timeOf(soc.take(incident.id, 'ada'))).toBe(20_000);
  server.faults.clear();
  server.seed.task({ title: 'slow' });
  server.state.outcomes.push({ afterMs: 3_600_000 });
  expect(await timeOf(soc.playbook('slow', {}))).toBe(300_000);
});

test('tokens that end, 429 and 503 are no business of the caller, and the metrics tell of them', async () => {
  await soc.report(finding);
  server.expireTokens();
  server.faults.next({ operation: 'alerts.list', status: 429, retryAfter: 1 });
  server.faults.next({ operation: 'alerts.list', status: 503, retryAfter: 2 });
  expect(await clock.until(soc.waiting())).toHaveLength(1);
  await soc.take('0190a1b2-0000-7000-8000-000000000000', 'ada').catch(() => undefined);
  const text = soc.metrics();
  for (const line of [
    'soc_calls_total{operation="alerts.submit",outcome="ok"} 1',
    'soc_calls_total{operation="alerts.list",outcome="ok"} 1',
    'soc_calls_total{operation="alerts.acknowledge",outcome="not_found"} 1',
    'soc_retries_total{operation="alerts.list",code="rate_limit_exceeded"} 1',
    'soc_retries_total{operation="alerts.list",code="unavailable"} 1',
  ])
    expect(text.split('\n')).toContain(line);
  expect(text).toMatch(/^soc_call_p95_seconds\{operation="alerts\.list"\} [3-9]/m);
  expect(text).toMatch(/^soc_retry_ratio 0\.[1-9]/m);
  expect(text).toMatch(/^soc_logins_total 2$/m);
});
