import type { OperationId } from '@ordinaut/contract';
import fc from 'fast-check';
import type { PlanSeeds } from './asked.ts';
import type { Kind } from './known-things.ts';
import { PASSWORD } from './password.ts';
import type { Json } from './schema-arbitrary.ts';

const mark = (kind: Kind): fc.Arbitrary<Json> => fc.nat({ max: 199 }).map((number) => `@${kind}:${number}`);

/** What the `id` of a path names, by the room of the operation, or by the operation itself. */
const kindOfId: Readonly<Record<string, Kind>> = {
  tasks: 'task',
  'tasks.delete': 'doomedtask',
  'tasks.cancel': 'doomedtask',
  runs: 'run',
  'runs.cancel': 'waitingrun',
  'runs.retry': 'failedrun',
  approvals: 'approval',
  'approvals.reject': 'doomedapproval',
  agents: 'agent',
  'agents.delete': 'doomedagent',
  auth: 'key',
  alerts: 'alert',
  extensions: 'extension',
  handlers: 'handler',
  'handlers.delete': 'doomedhandler',
};
const kindOfRefreshToken: Readonly<Record<string, Kind>> = {
  'auth.refresh': 'refresh',
  'auth.agent_refresh': 'agentrefresh',
};

const schedules = fc.constantFrom<Json>(
  '* * * * *',
  '0 8 * * MON-FRI',
  '@daily',
  '0 0 29 2 *',
  'FREQ=DAILY;BYHOUR=9',
  'FREQ=SECONDLY;INTERVAL=86400',
  'RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=5',
  'DTSTART;TZID=Europe/Berlin:20260301T080000\nRRULE:FREQ=WEEKLY',
  '2099-01-01T00:00:00Z',
  '2001-01-01',
  'payload.level > 3',
  'contains(payload.tags, `x`)',
);

const inBody = {
  schedule_expr: schedules,
  event_topic: fc.constantFrom<Json>('deploy.*', '**', 'run.failed', 'a.?.c', 'deploy.finished'),
  timezone: fc.constantFrom<Json>('UTC', 'Europe/Berlin', 'America/St_Johns', 'europe/berlin', 'Etc/GMT+14', 'Mars/X'),
  dtstart: fc.constantFrom<Json>('2026-03-01T09:00:00Z', '2026-03-01', '0001-01-01', '9999-12-31T23:59:59Z', null),
  from: fc.constantFrom<Json>('2026-03-01T09:00:00Z', '9999-12-31T23:59:59Z', '0000-01-01T00:00:00Z'),
  topic: fc.constantFrom<Json>('deploy.finished', 'a.b', 'run.failed', 'x'),
  uses: fc.constantFrom<Json>(
    'core.echo',
    'core.transform',
    'core.fail',
    'core.sleep',
    'approvals.request',
    'tasks.run_now',
    'nothing.here',
  ),
  if: fc.constantFrom<Json>('true', '${params.x}', 'steps.a', 'length(`[]`) > 0'),
  for_each: fc.constantFrom<Json>('`[1,2,3]`', '${params.list}', '@'),
  created_by: fc.constantFrom<Json>('admin', null),
  // Some of which are there already.
  dedup_key: fc.constantFrom<Json>('0', '1', 'new', '\u2028', null),
} as const;

/** Values that mean something to an operation, besides what its schemas say. */
export function seedsOf(id: OperationId): PlanSeeds {
  const [room = ''] = id.split('.');
  const kind = kindOfId[id] ?? kindOfId[room];
  return {
    params: {
      ...(kind !== undefined && { id: mark(kind) }),
      ...(id === 'handlers.generate' && { id: fc.oneof(mark('handler'), mark('dynamichandler')) }),
      task_id: mark('task'),
      event_id: mark('handlerevent'),
      username: mark(id === 'users.delete' ? 'doomeduser' : 'user'),
      name: mark('tool'),
    },
    query: {
      task_id: mark('task'),
      run_id: mark('run'),
      cursor: fc.oneof(mark('task'), mark('run'), mark('entry'), mark('alert')),
      after: mark('entry'),
      owner: mark('user'),
      principal: mark('user'),
      topic: fc.constantFrom<Json>('*', 'run.*', '**'),
    },
    body: {
      ...inBody,
      ...(room === 'tools' && { input: toolInput, timeout_seconds: fc.constantFrom<Json>(0.01, 0.1, 0.2) }),
      ...(room === 'handlers' && { is_dynamic: fc.constant<Json>(false), event_id: fc.uuid() }),
      ...(id === 'extensions.configure' && { config: fc.constantFrom<Json>({}, { a: 1 }, { token: '********' }) }),
      ...(['auth.token', 'auth.begin_session'].includes(id) && { username: mark('user') }),
      ...(room === 'auth' && {
        password: fc.constant<Json>(PASSWORD),
        current_password: fc.constant<Json>(PASSWORD),
        refresh_token: mark(kindOfRefreshToken[id] ?? 'doomedrefresh'),
        // The first is the one with a secret.
        agent_id: fc.oneof(fc.constant<Json>('@agent:0'), mark('agent')),
        agent_secret: mark('secret'),
        owner: mark('user'),
      }),
    },
  };
}

/** Inputs of the tools of the server: each field has meaning for some of them. */
const toolInput: fc.Arbitrary<Json> = fc.record(
  {
    title: fc.constant<Json>('x'),
    id: fc.oneof(mark('task'), mark('run')),
    task_id: mark('task'),
    text: fc.constant<Json>('x'),
    seconds: fc.constantFrom<Json>(0, 0.01, 1e9, -1),
    url: fc.constantFrom<Json>('http://127.0.0.1:1/', 'file:///etc/passwd', 'http://[::1]/', 'x'),
    expression: fc.constantFrom<Json>('@', 'a.b', 'length(@)'),
    data: fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<Json>,
    limit: fc.integer({ min: -1, max: 300 }),
    schedule_kind: fc.constantFrom<Json>('cron', 'rrule', 'once', 'event'),
    schedule_expr: schedules,
    delay_seconds: fc.integer({ min: 0, max: 100 }),
    topic: fc.constant<Json>('a.b'),
  },
  { requiredKeys: [], noNullPrototype: true },
);
