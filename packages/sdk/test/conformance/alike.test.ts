import { operations } from '@ordinaut/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADMIN_PASSWORD, withLogin } from '../../../server/test/identity/people.ts';
import { startServer } from '../../../server/test/support/server.ts';
import { newPlace, type TestPlace } from '../../../server/test/support/stores.ts';
import { createTestServer, type TestServer } from '../../src/testing/index.ts';

/** What is asked of both servers, in this order. `{name}` stands for what was remembered under it. */
interface Question {
  readonly ask: `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`;
  readonly body?: unknown;
  /** Sent as it is. */
  readonly text?: string;
  readonly headers?: Record<string, string>;
  /** Who asks. Default: the admin, with a token. */
  readonly by?: 'nobody' | 'viewer';
  /** What of the answer is remembered, by the path of a field. */
  readonly remember?: Record<string, string>;
}

const task = {
  title: 'alike',
  schedule_kind: 'once',
  schedule_expr: '2099-01-01T00:00:00Z',
  payload: { pipeline: [{ id: 'say', uses: 'core.echo', with: { text: 'hello' } }] },
};
const nowhere = '00000000-0000-7000-8000-000000000000';
const key = (name: string) => ({ 'idempotency-key': name });

/** Questions about operations that a contract may not have yet. */
const where = (operation: string, those: readonly Question[]): readonly Question[] =>
  operation in operations ? those : [];
const alert = { title: 'login failed', severity: 'high', source: 'auth', iocs: [{ type: 'ip', value: '10.0.0.1' }] };

const questions: readonly Question[] = [
  { ask: 'GET /nothing' },
  { ask: 'GET /nothing', by: 'nobody' },
  { ask: 'DELETE /tasks' },
  { ask: 'GET /health/live', by: 'nobody' },
  { ask: 'GET /tasks', by: 'nobody' },
  { ask: 'GET /tasks', by: 'nobody', headers: { authorization: 'Bearer nonsense' } },
  { ask: 'GET /tasks', by: 'nobody', headers: { authorization: 'Basic YTpi' } },
  { ask: 'GET /tasks', by: 'nobody', headers: { 'x-api-key': 'ordk_nonsense' } },
  { ask: 'POST /auth/token', by: 'nobody', body: { username: 'admin', password: 'wrong' } },
  { ask: 'POST /auth/token', by: 'nobody', body: { username: 'admin' } },
  {
    ask: 'POST /auth/token',
    by: 'nobody',
    body: { username: 'admin', password: ADMIN_PASSWORD, scopes: ['tasks:read'] },
  },
  { ask: 'POST /auth/refresh', by: 'nobody', body: { refresh_token: 'nonsense' } },
  { ask: 'POST /auth/revoke', by: 'nobody', body: { refresh_token: 'nonsense' } },
  { ask: 'GET /users/me' },
  { ask: 'GET /auth/session' },
  { ask: 'POST /users', body: { username: 'viewer', password: 'a password of theirs' } },
  { ask: 'POST /users', body: { username: 'Viewer', password: 'a password of theirs' } },
  { ask: 'POST /users', body: { username: 'x y', password: 'short', scopes: ['nope:nope'] } },
  { ask: 'GET /users?name=view' },
  { ask: 'GET /users/nobody' },
  { ask: 'PATCH /users/admin', body: { disabled: true } },
  { ask: 'DELETE /users/admin' },
  { ask: 'GET /tasks', by: 'viewer' },
  { ask: 'POST /tasks', by: 'viewer', body: task },
  { ask: 'GET /users', by: 'viewer' },
  // Before the first run, whose events come when they come.
  { ask: 'POST /events', body: { topic: 'deploy.begun', payload: 1 } },
  { ask: 'GET /events/stream/recent?count=1' },
  { ask: 'POST /tasks', text: '{"title":' },
  { ask: 'POST /tasks', text: 'title=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
  { ask: 'POST /tasks' },
  { ask: 'POST /tasks', body: { ...task, title: '', more: 1, priority: 0 } },
  { ask: 'POST /tasks', body: { ...task, schedule_expr: null } },
  { ask: 'POST /tasks', body: { ...task, payload: { pipeline: [{ id: 'a', uses: 'no.such' }] } } },
  { ask: 'POST /tasks', body: task, headers: key('one'), remember: { task: 'id' } },
  { ask: 'POST /tasks', body: task, headers: key('one') },
  { ask: 'POST /tasks', body: { ...task, title: 'other' }, headers: key('one') },
  { ask: 'POST /tasks', body: task, headers: key('ü'.repeat(1)) },
  { ask: 'POST /tasks', body: { title: 'bad' }, headers: key('two') },
  { ask: 'POST /tasks', body: { title: 'bad' }, headers: key('two') },
  { ask: 'GET /tasks?limit=1' },
  { ask: 'GET /tasks?limit=0' },
  { ask: 'GET /tasks?limit=ten&status=lost&x=1' },
  { ask: 'GET /tasks?cursor=nonsense' },
  { ask: 'GET /tasks/nonsense' },
  { ask: `GET /tasks/${nowhere}` },
  { ask: 'GET /tasks/{task}' },
  { ask: 'PATCH /tasks/{task}', body: { priority: 2 } },
  { ask: 'PATCH /tasks/{task}', body: { payload: { pipeline: [] } } },
  { ask: 'POST /tasks/{task}/pause', body: {} },
  { ask: 'POST /tasks/{task}/pause', body: { why: 1 } },
  { ask: 'POST /tasks/{task}/pause' },
  { ask: 'POST /tasks/{task}/snooze', body: { delay_seconds: 60 } },
  { ask: 'POST /tasks/{task}/resume' },
  { ask: 'POST /tasks/{task}/snooze', body: { delay_seconds: 60 } },
  { ask: 'GET /tasks/{task}/runs/latest' },
  { ask: 'GET /tasks/{task}/stats' },
  { ask: 'POST /tasks/{task}/run_now', body: { params: { a: 1 } }, remember: { run: 'details.run_id' } },
  { ask: `POST /tasks/${nowhere}/run_now` },
  { ask: 'GET /runs/{run}/stream' },
  { ask: 'GET /runs/{run}' },
  { ask: 'POST /runs/{run}/cancel' },
  { ask: 'POST /runs/{run}/retry' },
  { ask: `GET /runs/${nowhere}/stream` },
  { ask: 'GET /runs?success=true&limit=5' },
  { ask: 'GET /runs?success=perhaps' },
  { ask: 'GET /runs/stats/summary' },
  { ask: 'POST /tasks/{task}/cancel' },
  { ask: 'POST /tasks/{task}/cancel' },
  { ask: 'POST /tasks/{task}/run_now' },
  { ask: 'PATCH /tasks/{task}', body: { title: 'late' } },
  {
    ask: 'POST /schedules/preview',
    body: { schedule_kind: 'cron', schedule_expr: '0 9 * * 1-5', count: 3, from: '2026-01-01T00:00:00Z' },
  },
  { ask: 'POST /events', body: { topic: 'deploy.finished', payload: { a: [1] } } },
  { ask: 'POST /events', body: { topic: 'run.failed' } },
  { ask: 'POST /events', body: { topic: 'a..b' } },
  { ask: 'POST /events', by: 'viewer', body: { topic: 'a.b' } },
  { ask: 'GET /events/topics' },
  { ask: 'GET /events/stream?topic=a..b' },
  { ask: 'DELETE /events/stream/cleanup?max_age_hours=x' },
  { ask: 'GET /tools/core.echo' },
  { ask: 'GET /tools/no.such' },
  { ask: 'POST /tools/core.echo/call', body: { input: { text: 'hi' } } },
  { ask: 'POST /tools/core.echo/call', body: { input: 1 } },
  { ask: 'GET /alerts?severity=bad' },
  { ask: 'GET /alerts' },
  { ask: 'GET /ext/no_such/health' },
  { ask: 'POST /auth/api-keys', body: { name: 'k' }, remember: { key: 'id' } },
  { ask: 'GET /auth/api-keys' },
  { ask: 'DELETE /auth/api-keys/{key}' },
  { ask: `DELETE /auth/api-keys/${nowhere}` },
  { ask: 'POST /agents', body: { name: 'scout', role: 'viewer' }, remember: { agent: 'id' } },
  { ask: 'POST /agents', body: { name: 'viewer' } },
  { ask: 'POST /agents/{agent}/credentials' },
  { ask: 'PATCH /agents/{agent}', body: { disabled: true } },
  { ask: 'DELETE /agents/{agent}' },
  { ask: 'GET /agents/{agent}' },
  { ask: 'GET /audit?action=tasks.pause' },
  { ask: 'GET /audit?outcome=refused&limit=2' },
  ...where('alerts.submit', [
    { ask: 'POST /alerts', body: alert, remember: { alert: 'id' } },
    { ask: 'POST /alerts', body: { ...alert, severity: 'low', iocs: [{ type: 'IP', value: '10.0.0.1' }] } },
    { ask: 'POST /alerts', body: { ...alert, dedup_key: 'mine' } },
    { ask: 'POST /alerts', body: { title: '', severity: 'odd', more: 1 } },
    { ask: 'POST /alerts', by: 'viewer', body: alert },
    { ask: 'POST /alerts/bulk', body: { alerts: [alert, { title: 'x' }, { ...alert, title: 'new' }] } },
    { ask: 'POST /alerts/bulk', body: { alerts: [] } },
    { ask: 'GET /alerts?severity=high&q=LOGIN' },
    { ask: 'GET /alerts/{alert}' },
    { ask: `GET /alerts/${nowhere}` },
    { ask: 'PATCH /alerts/{alert}', body: {} },
    { ask: 'PATCH /alerts/{alert}', body: { status: 'new', severity: 'low' } },
    { ask: 'POST /alerts/{alert}/acknowledge' },
    { ask: 'POST /alerts/{alert}/acknowledge', body: { assigned_agent: 'other' } },
    { ask: 'PATCH /alerts/{alert}', body: { status: 'new' } },
    { ask: 'PATCH /alerts/{alert}', body: { status: 'resolved' } },
    { ask: 'POST /alerts/{alert}/acknowledge' },
    { ask: 'PATCH /alerts/{alert}', body: { status: 'escalated' } },
    { ask: 'POST /alerts', body: alert },
    { ask: 'PATCH /alerts/{alert}', body: { status: 'investigating' } },
  ]),
  ...where('approvals.list', [
    { ask: 'GET /approvals' },
    { ask: 'GET /approvals?status=odd' },
    { ask: `GET /approvals/${nowhere}` },
    { ask: `POST /approvals/${nowhere}/approve` },
    { ask: `POST /approvals/${nowhere}/reject`, body: { comment: 1 } },
    { ask: `POST /approvals/${nowhere}/reject`, by: 'viewer' },
  ]),
  ...where('handlers.create', [
    { ask: 'POST /handlers', body: { pipeline: task.payload.pipeline, description: 'd' }, remember: { handler: 'id' } },
    { ask: 'POST /handlers', body: { pipeline: 1 } },
    { ask: 'GET /handlers?is_dynamic=false' },
    { ask: 'GET /handlers/{handler}' },
    { ask: 'PATCH /handlers/{handler}', body: { description: 'e' } },
    { ask: 'POST /handlers/{handler}/events/raw', body: { events: [{ data: 1, tags: ['a'] }] } },
    { ask: 'POST /handlers/{handler}/events/raw', body: { events: [] } },
    { ask: 'POST /handlers/{handler}/events/raw?wait_saving=perhaps', body: { events: [{ data: 1 }] } },
    { ask: 'GET /handlers/{handler}/events?tags=a' },
    { ask: `GET /handlers/events/${nowhere}` },
    { ask: `POST /handlers/${nowhere}/events/raw`, body: { events: [{ data: 1 }] } },
    { ask: 'DELETE /handlers/{handler}' },
    { ask: 'GET /handlers/{handler}' },
  ]),
  ...where('plugins.list', [{ ask: 'GET /plugins' }]),
  { ask: 'POST /auth/logout' },
  { ask: 'GET /users/me' },
];

let memory: TestServer;
let place: TestPlace;
let real: Awaited<ReturnType<typeof startServer>>;
const places: { url: string; fetch: typeof fetch; known: Record<string, string> }[] = [];
beforeAll(async () => {
  memory = createTestServer({ authRateLimit: null, users: [{ username: 'admin', password: ADMIN_PASSWORD }] });
  place = await newPlace('sqlite');
  real = await startServer(place, { environment: withLogin({ ORDINAUT_RATE_LIMIT: '1000/60s' }) });
  places.push({ url: 'http://127.0.0.1', fetch: memory.fetch, known: {} });
  places.push({ url: real.url, fetch, known: {} });
});
afterAll(async () => {
  await memory.close();
  await real.server.stop();
  await place.remove();
});

const passwords: Record<string, string> = { admin: ADMIN_PASSWORD, viewer: 'a password of theirs' };

async function tokenOf(at: (typeof places)[number], username: string): Promise<string> {
  at.known[username] ??= await at
    .fetch(`${at.url}/auth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password: passwords[username] }),
    })
    .then(async (response) => ((await response.json()) as { access_token: string }).access_token);
  return at.known[username]!;
}

async function answerOf(at: (typeof places)[number], { ask, body, text, headers = {}, by, remember = {} }: Question) {
  const [method = '', path = ''] = ask.split(' ');
  const token = by === 'nobody' ? null : await tokenOf(at, by ?? 'admin');
  const response = await at.fetch(at.url + path.replace(/\{(\w+)\}/g, (_, name: string) => at.known[name] ?? name), {
    method,
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...((body !== undefined || text !== undefined) && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(text !== undefined && { body: text }),
  });
  const answered = await response.text();
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const data: unknown = isStream || answered === '' ? answered : JSON.parse(answered);
  for (const [name, field] of Object.entries(remember)) {
    at.known[name] = String(field.split('.').reduce((inner: unknown, part) => Object(inner)[part], data));
  }
  return {
    status: response.status,
    headers: headersOf(response.headers),
    body: isStream ? streamShape(answered) : shapeOf(data),
  };
}

const told = [
  'retry-after',
  'www-authenticate',
  'allow',
  'idempotency-replayed',
  'x-request-id',
  'x-ratelimit-limit',
  'cache-control',
  'content-type',
];
/** Those that a client goes by; of ids and of what counts down only whether they are there. */
const headersOf = (headers: Headers) =>
  told.map((name) => {
    const value = headers.get(name);
    return name === 'x-request-id' || name === 'retry-after' ? [name, value !== null] : [name, value];
  });

/** What is not the same on two servers. */
const free =
  /^(id|url|create_time|end_time|.*_id|.*_at|at|local|timestamp|server_time|access_token|refresh_token|password|agent_secret|api_key|prefix|csrf_token|request_id|lease_owner|leased_until|stream_id|last_run|last_success|latency_ms|duration_ms|uptime_seconds|version|node|description|avg_execution_time_seconds|message|first_seen|last_seen|started_at|address|last_id|next_cursor|input_schema|output_schema|annotations|timeout_seconds|fields|principal|canceled_runs|total|has_more)$/;

/** An answer with its values, except those that are not the same on two servers: of these only the kind. */
function shapeOf(value: unknown, name = ''): unknown {
  if (name === 'input_schema' || name === 'output_schema') return typeof value;
  if (Array.isArray(value))
    return name === 'errors' ? value.map(({ field }) => field).sort() : value.map((one) => shapeOf(one));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, shapeOf(inner, field)]));
  }
  // Which of several bad fields comes first is no promise.
  if (free.test(name) || name === 'issue' || name === 'field') return value === null ? null : typeof value;
  return typeof value === 'string' && /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(value) ? 'id' : value;
}

const streamShape = (text: string): string[] => [
  ...new Set([...text.matchAll(/^event: (\w+)$/gm)].map(([, event]) => event ?? '')),
];

test.each(questions.map((question, at) => [at, question.ask, question] as const))(
  '%i: both servers answer alike to %s',
  async (_at, _ask, question) => {
    const [inMemory, really] = [await answerOf(places[0]!, question), await answerOf(places[1]!, question)];
    expect(inMemory).toEqual(really);
  },
);
