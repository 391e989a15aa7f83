import { join } from 'node:path';
import { type Operation, type OperationId, operations, type TokenAnswer } from '@ordinaut/contract';
import { build } from 'esbuild';
import { Errors } from 'typebox/value';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { unknownOperations } from '../../src/testing/answer-operations.ts';
import { createTestServer, ManualClock, type TestServer } from '../../src/testing/index.ts';

let server: TestServer;
let token: string;

interface Answered {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers whose shape they assert
  readonly body: any;
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = { authorization: `Bearer ${token}` },
): Promise<Answered> {
  const response = await server.fetch(`http://test${path}`, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
}

const logIn = async (username = 'admin', password = 'admin password'): Promise<TokenAnswer> =>
  (await ask('POST', '/auth/token', { username, password }, {})).body;

beforeEach(async () => {
  server = createTestServer();
  token = (await logIn()).access_token;
});
afterEach(() => server.close());

test('every operation of the contract is known', () => {
  expect(unknownOperations()).toEqual([]);
});

/** What each operation is asked with, where that is more than its path. */
async function requests(): Promise<Record<string, { path?: string; body?: unknown }>> {
  const { seed } = server;
  const task = seed.task();
  const other = seed.task();
  const paused = seed.task();
  await ask('POST', `/tasks/${paused.id}/pause`);
  const failed = seed.run(task, { status: 'failed', afterMs: 0 });
  const endless = seed.run(task, { afterMs: Number.POSITIVE_INFINITY });
  const alert = seed.alert();
  const approvals = [seed.approval(endless), seed.approval(endless)];
  const [handler, gone] = [seed.handler(), seed.handler()];
  const submission = { title: 'login failed', severity: 'high', source: 'auth' };
  seed.event('deploy.finished', { ok: true });
  for (const id of ['one', 'two']) seed.extension(id);
  // There in contracts that have handlers.
  await ask('POST', `/handlers/${handler.id}/events/raw`, {
    events: [{ event_id: '00000000-0000-4000-8000-000000000001', data: 1 }],
  });
  const agent = (await ask('POST', '/agents', { name: 'scout' })).body;
  const key = (await ask('POST', '/auth/api-keys', { name: 'ci' })).body;
  const people = ['ann', 'bob'];
  for (const username of people) await ask('POST', '/users', { username, password: 'long enough 12' });
  const [byRefresh, byAgentRefresh, toRevoke] = [await logIn(), await logIn(), await logIn()];
  const secret = (await ask('POST', `/agents/${agent.id}/credentials`)).body.agent_secret;
  await expect.poll(() => server.state.runs.get(failed.id)?.status).toBe('failed');
  const input = { title: 'new', schedule_kind: 'cron', schedule_expr: '0 9 * * 1-5', payload: { pipeline: [] } };
  const of = (path: string, id: string) => path.replace(/\{\w+\}/, encodeURIComponent(id));
  const table: Record<string, { path?: string; body?: unknown }> = {
    'tasks.create': { body: input },
    'tasks.replace': { path: task.id, body: { title: 'other' } },
    'tasks.update': { path: task.id, body: { priority: 1 } },
    'tasks.snooze': { path: task.id, body: { delay_seconds: 60 } },
    'tasks.delete': { path: other.id },
    'tasks.cancel': { path: other.id },
    'tasks.resume': { path: paused.id },
    'tasks.pause': { path: paused.id },
    'schedules.preview': { body: { schedule_kind: 'cron', schedule_expr: '0 9 * * *' } },
    'runs.retry': { path: failed.id },
    'runs.cancel': { path: endless.id },
    'runs.stream': { path: failed.id },
    'runs.latest_of_task': { path: task.id },
    'runs.stats_of_task': { path: task.id },
    'events.publish': { body: { topic: 'deploy.begun', payload: 1 } },
    'tools.get': { path: 'core.echo' },
    'tools.call': { path: 'core.echo', body: { input: { text: 'hi' } } },
    'extensions.configure': { path: 'two', body: { config: { a: 1 } } },
    'auth.token': { body: { username: 'admin', password: 'admin password' } },
    'auth.refresh': { body: { refresh_token: byRefresh.refresh_token } },
    'auth.revoke': { body: { refresh_token: toRevoke.refresh_token } },
    'auth.agent_token': { body: { agent_id: 'scout', agent_secret: secret } },
    'auth.agent_refresh': { body: { refresh_token: byAgentRefresh.refresh_token } },
    'auth.agent_revoke': { body: { refresh_token: toRevoke.refresh_token } },
    'auth.begin_session': { body: { username: 'admin', password: 'admin password' } },
    'auth.create_api_key': { body: { name: 'other' } },
    'auth.revoke_api_key': { path: key.id },
    'users.create': { body: { username: 'carl' } },
    'users.get': { path: 'ann' },
    'users.update': { path: 'ann', body: { role: 'operator' } },
    'users.delete': { path: 'bob' },
    'users.change_password': { body: { current_password: 'admin password', new_password: 'another long one' } },
    'alerts.submit': { body: submission },
    'alerts.bulk': { body: { alerts: [submission, { title: '' }] } },
    'alerts.update': { path: alert.id, body: { status: 'triaged' } },
    'approvals.reject': { path: approvals[1]!.id },
    'handlers.create': { body: { pipeline: [] } },
    'handlers.update': { path: handler.id, body: { description: 'other' } },
    'handlers.replace': { path: handler.id, body: { description: 'other' } },
    'handlers.delete': { path: gone.id },
    'handlers.generate': { path: handler.id, body: { a: 1 } },
    'handlers.raw': { path: handler.id, body: { events: [{ data: 1 }] } },
    'handlers.event': { path: '00000000-0000-4000-8000-000000000001' },
    'agents.create': { body: { name: 'ranger' } },
    'agents.update': { path: agent.id, body: { description: 'runs' } },
    'agents.delete': { path: agent.id },
  };
  const byTag: Record<string, string> = {
    approvals: approvals[0]!.id,
    handlers: handler.id,
    tasks: task.id,
    runs: failed.id,
    alerts: alert.id,
    extensions: 'two',
    agents: agent.id,
  };
  const all = Object.entries(operations) as [OperationId, Operation][];
  return Object.fromEntries(
    all.map(([id, operation]) => {
      const { path = byTag[operation.tag] ?? '', ...rest } = table[id] ?? {};
      const query = id === 'events.cleanup' ? '?max_age_hours=1' : '';
      return [id, { ...rest, path: of(operation.path, path) + query }];
    }),
  );
}

/** Those that take away what the others need come last. */
const last: readonly string[] = ['agents.delete', 'auth.logout', 'auth.end_session', 'users.change_password'];

test('every operation answers what the contract says', async () => {
  const table = await requests();
  const all = (Object.entries(operations) as [OperationId, Operation][]).sort(
    ([a], [b]) => last.indexOf(a) - last.indexOf(b),
  );
  for (const [id, operation] of all) {
    // They never end.
    if (id === 'events.stream' || operation.path === '/alerts/stream') continue;
    if (id === 'auth.end_session') token = (await logIn()).access_token;
    if (id === 'users.change_password') token = (await logIn()).access_token;
    const { path = '', body } = table[id] ?? {};
    if (operation.stream === true) {
      const text = await (
        await server.fetch(`http://test${path}`, { headers: { authorization: `Bearer ${token}` } })
      ).text();
      expect(text, id).toMatch(/^event: run$/m);
      continue;
    }
    const answer = await ask(operation.method, path, body);
    expect([id, answer.status, answer.body], id).toEqual([id, operation.success.status, answer.body]);
    expect([id, Errors(operation.success.schema!, answer.body)]).toEqual([id, []]);
  }
});

test('a request that does not fit is refused in the words of the server, with every field', async () => {
  const { status, body } = await ask('POST', '/tasks', { title: '', schedule_kind: 'soon', foo: 1 });
  expect(status).toBe(400);
  expect(body).toMatchObject({ error: 'bad_request', details: { field: expect.any(String) } });
  expect(body.request_id).not.toBe('');
  expect(body.details.errors).toEqual(
    expect.arrayContaining([
      { field: 'title', issue: 'is ""; it must have at least 1 character' },
      { field: 'payload', issue: 'is required' },
      { field: 'foo', issue: 'is not a known field.' },
      { field: 'schedule_kind', issue: 'is "soon"; allowed: cron, rrule, once, event, condition' },
    ]),
  );
  const user = await ask('POST', '/users', { username: 'x y', password: 'short', scopes: ['*', '*'], role: 1 });
  expect(user.body.details.errors.map(({ field }: { field: string }) => field)).toEqual([
    'username',
    'password',
    'scopes',
    'role',
  ]);
  expect(JSON.stringify(user.body)).not.toContain('short');
  const query = await ask('GET', '/runs?limit=0&task_id=x&mine=1');
  expect(query.body.details.errors.map(({ field }: { field: string }) => field).sort()).toEqual([
    'limit',
    'mine',
    'task_id',
  ]);
});

test('paths and methods that are not there are told apart', async () => {
  expect(await ask('GET', '/nothing')).toMatchObject({ status: 404, body: { error: 'not_found' } });
  const answer = await ask('DELETE', '/tasks');
  expect(answer).toMatchObject({ status: 405, body: { details: { allowed: ['GET', 'HEAD', 'POST'] } } });
  expect(answer.headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS');
  expect((await ask('GET', '/api/v1/tasks')).status).toBe(200);
});

test('nobody comes in without a login, and nobody further than their scopes', async () => {
  expect((await ask('GET', '/tasks', undefined, {})).status).toBe(401);
  expect((await ask('GET', '/tasks', undefined, { authorization: 'Bearer nonsense' })).status).toBe(401);
  await ask('POST', '/users', { username: 'vera', password: 'long enough 12' });
  const { access_token } = await logIn('vera', 'long enough 12');
  const answer = await ask('POST', '/tasks', {}, { authorization: `Bearer ${access_token}` });
  expect(answer).toMatchObject({ status: 403, body: { details: { required_scopes: ['tasks:create'] } } });
});

test('a refresh token counts once, and a second use ends the session', async () => {
  const first = await logIn();
  const refresh = (refresh_token: string) => ask('POST', '/auth/refresh', { refresh_token }, {});
  const second = await refresh(first.refresh_token);
  expect(second.status).toBe(200);
  expect((await refresh(first.refresh_token)).status).toBe(401);
  expect((await refresh(second.body.refresh_token)).status).toBe(401);
  const headers = { authorization: `Bearer ${second.body.access_token}` };
  expect((await ask('GET', '/tasks', undefined, headers)).status).toBe(401);
});

test('access tokens end with the clock, and API keys where they are revoked', async () => {
  const clock = new ManualClock();
  server = createTestServer({ clock, users: [{ username: 'admin', password: 'admin password', apiKey: 'ordk_test' }] });
  const { access_token, expires_in } = await logIn();
  const headers = { authorization: `Bearer ${access_token}` };
  expect((await ask('GET', '/tasks', undefined, headers)).status).toBe(200);
  await clock.advance(expires_in * 1000);
  expect((await ask('GET', '/tasks', undefined, headers)).status).toBe(401);
  const withKey = { 'x-api-key': 'ordk_test' };
  const { body: keys } = await ask('GET', '/auth/api-keys', undefined, withKey);
  expect((await ask('DELETE', `/auth/api-keys/${keys.items[0].id}`, undefined, withKey)).status).toBe(200);
  expect((await ask('GET', '/tasks', undefined, withKey)).status).toBe(401);
});

test('a keyed request is done once, and its key is of one request', async () => {
  const input = { title: 'once', schedule_kind: 'once', schedule_expr: '2099-01-01', payload: { pipeline: [] } };
  const headers = { authorization: `Bearer ${token}`, 'idempotency-key': 'k1' };
  const first = await ask('POST', '/tasks', input, headers);
  const again = await ask('POST', '/tasks', input, headers);
  expect(again.body).toEqual(first.body);
  expect([first, again].map((answer) => answer.headers.get('idempotency-replayed'))).toEqual([null, 'true']);
  expect((await ask('POST', '/tasks', { ...input, title: 'other' }, headers)).status).toBe(409);
  expect(server.state.tasks.size).toBe(1);
});

test('pages follow each other by cursors while items come', async () => {
  const made = Array.from({ length: 7 }, () => server.seed.task().id);
  const seen: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { body } = await ask('GET', `/tasks?limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`);
    seen.push(...body.items.map(({ id }: { id: string }) => id));
    cursor = body.next_cursor;
    server.seed.task();
  }
  expect(seen).toEqual(made.toReversed());
  expect((await ask('GET', '/tasks?cursor=nonsense')).status).toBe(400);
});

test('what is left of the rate is told, and what is beyond it is refused', async () => {
  server = createTestServer({ rateLimit: { limit: 2, windowSeconds: 60 } });
  token = (await logIn()).access_token;
  expect((await ask('GET', '/tasks')).headers.get('x-ratelimit-remaining')).toBe('1');
  await ask('GET', '/tasks');
  const refused = await ask('GET', '/tasks');
  expect(refused).toMatchObject({ status: 429, body: { error: 'rate_limit_exceeded', details: { limit: 2 } } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
});

test('a run goes on by itself to what the test says', async () => {
  const clock = new ManualClock();
  server = createTestServer({ clock });
  token = (await logIn()).access_token;
  const task = server.seed.task({ payload: { pipeline: [{ id: 'a', uses: 'core.echo', with: { text: 'hi' } }] } });
  server.state.outcomes.push({ status: 'failed', afterMs: 60_000, error: { code: 'network_error', message: 'away' } });
  const { body } = await ask('POST', `/tasks/${task.id}/run_now`);
  const run = async () => (await ask('GET', `/runs/${body.details.run_id}`)).body;
  await clock.advance(59_999);
  expect(await run()).toMatchObject({ status: 'running', attempt: 1, success: null });
  await clock.advance(1);
  expect(await run()).toMatchObject({ status: 'failed', success: false, error: { code: 'network_error' } });
  expect(server.state.events.all.map(({ topic }) => topic)).toEqual(['task.created', 'run.started', 'run.failed']);
});

test('events start the tasks that wait for them', async () => {
  const task = server.seed.task({ schedule_kind: 'event', schedule_expr: null, event_topic: 'deploy.*' });
  const { body } = await ask('POST', '/events', { topic: 'deploy.finished' });
  expect(body.details.triggered_tasks).toEqual([task.id]);
  expect((await ask('POST', '/events', { topic: 'run.failed' })).status).toBe(400);
});

async function* blocks(response: Response): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    rest += piece;
    for (let end = rest.indexOf('\n\n'); end !== -1; end = rest.indexOf('\n\n')) {
      yield rest.slice(0, end);
      rest = rest.slice(end + 2);
    }
  }
}

test('streams have ids, heartbeats, and a gap where the id is no longer kept', async () => {
  const clock = new ManualClock();
  server = createTestServer({ clock, heartbeatMs: 1000 });
  token = (await logIn()).access_token;
  const left = new AbortController();
  const follow = (lastEventId: string) =>
    server.fetch('http://test/events/stream?topic=a.*', {
      headers: { authorization: `Bearer ${token}`, 'last-event-id': lastEventId },
      signal: left.signal,
    });
  const event = server.seed.event('a.b', 1);
  const stream = blocks(await follow('0-0'));
  expect((await stream.next()).value).toBe(': connected');
  expect((await stream.next()).value).toContain(`event: event\nid: ${event.id}\ndata: {"id":"${event.id}"`);
  const heartbeat = stream.next();
  await clock.advance(1000);
  expect((await heartbeat).value).toMatch(/^event: heartbeat\ndata: {"timestamp":/);
  server.state.events.forget();
  const kept = server.seed.event('a.c', 2);
  server.seed.event('b.c', 3);
  const resumed = blocks(await follow(event.id));
  await resumed.next();
  expect((await resumed.next()).value).toBe(`event: gap\ndata: {"after":"${event.id}","oldest":"${kept.id}"}`);
  expect((await resumed.next()).value).toContain(`id: ${kept.id}`);
  left.abort();
  await expect(resumed.next()).rejects.toMatchObject({ name: 'AbortError' });
});

test('a stream misses nothing between its opening and the first look', async () => {
  const headers = { authorization: `Bearer ${token}` };
  const stream = blocks(await server.fetch('http://test/events/stream', { headers }));
  const { id } = server.seed.event('a.b');
  const blocksOf = [await stream.next(), await stream.next(), await stream.next()].map(({ value }) => String(value));
  expect(blocksOf.at(-1)).toContain(`id: ${id}`);
});

test('a bundle for browsers needs nothing of Node', async () => {
  const { metafile } = await build({
    stdin: { contents: "export * from './index.ts'", resolveDir: join(import.meta.dirname, '../../src/testing') },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    splitting: true,
    outdir: 'out',
    write: false,
    metafile: true,
    conditions: ['ordinaut-source'],
    logLevel: 'silent',
  });
  const inputs = Object.keys(metafile.inputs);
  expect(inputs.filter((path) => path.includes('src/testing/')).length).toBeGreaterThan(30);
  expect(inputs.filter((path) => path.startsWith('node:'))).toEqual([]);
  const eager = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint !== undefined)!;
  expect(Object.keys(eager.inputs).filter((path) => /serve-exchange|fault-proxy/.test(path))).toEqual([]);
});

test('after close nothing is left that waits', async () => {
  const clock = new ManualClock();
  server = createTestServer({ clock });
  token = (await logIn()).access_token;
  server.seed.run(undefined, { afterMs: 3_600_000 });
  const stream = await server.fetch('http://test/events/stream', { headers: { authorization: `Bearer ${token}` } });
  const read = stream.text();
  await clock.advance(10);
  expect(clock.pending).toBe(2);
  await server.close();
  await read;
  expect(clock.pending).toBe(0);
});

test('what a test server cannot give it says', async () => {
  const rrule = { schedule_kind: 'rrule', schedule_expr: 'FREQ=DAILY' };
  const { status, body } = await ask('POST', '/schedules/preview', rrule);
  expect(status).toBe(400);
  expect(body.message).toMatch(/is the rrule "FREQ=DAILY", which a test server does not calculate/);
});
