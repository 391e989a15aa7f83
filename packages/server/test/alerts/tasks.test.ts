import type { Alert, AlertInput, ErrorBody, Page, Run, SubmittedAlert, Task } from '@ordinaut/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AlertService } from '../../src/alerts/alert-service.ts';
import { registerAlertTools } from '../../src/alerts/alert-tools.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { newId } from '../../src/kernel/ids.ts';
import { Retention } from '../../src/runs/retention.ts';
import { ToolRegistry } from '../../src/tools/registry.ts';
import { bearer, logIn, newUser, withLogin } from '../identity/people.ts';
import { privateRedis } from '../support/redis.ts';
import { startServer } from '../support/server.ts';
import { shiftedClock } from '../support/shifted-clock.ts';
import { describeStores, logger, newPlace, type TestPlace } from '../support/stores.ts';
import { options } from '../tools/test-tools.ts';
import { openView } from './live-view.ts';

const fire: AlertInput = { title: 'Fire', severity: 'critical', source: 'sensor' };
const echo = { pipeline: [{ id: 'say', uses: 'core.echo', with: { title: '${params.event.payload.title}' } }] };

type Api = Awaited<ReturnType<typeof startServer>>;

describeStores('tasks and alerts', (kind) => {
  let place: TestPlace;
  const undo: (() => Promise<unknown>)[] = [];
  beforeEach(async () => {
    place = await newPlace(kind);
  });
  afterEach(async () => {
    for (const each of undo.splice(0).toReversed()) await each();
    await place.remove();
  });
  const start = async (environment: Record<string, string> = {}): Promise<Api> => {
    const api = await startServer(place, { environment });
    undo.push(() => api.server.stop());
    return api;
  };
  const onEvent = (api: Api, event_topic: string, more: object = {}): Promise<Task> =>
    api.createTask({ schedule_kind: 'event', schedule_expr: null, event_topic, payload: echo, ...more } as never);
  const submit = async (api: Api, fields: object = {}) =>
    (await api.call<SubmittedAlert>('POST', '/alerts', { ...fire, ...fields })).body;

  async function actOn(api: Api): Promise<void> {
    const every = await onEvent(api, 'alert.*');
    const bad = await onEvent(api, 'alert.created', {
      schedule_kind: 'condition',
      schedule_expr: "payload.severity == 'critical'",
    });
    const often = await onEvent(api, 'alert.deduplicated', {
      schedule_kind: 'condition',
      schedule_expr: 'payload.occurrences == `3`',
    });
    const view = await openView(`${api.url}/alerts/stream?severity=critical`);
    await submit(api, { severity: 'low', dedup_key: 'low' });
    const alert = await submit(api);
    for (let n = 0; n < 3; n += 1) await submit(api);
    await api.call('PATCH', `/alerts/${alert.id}`, { status: 'escalated' });
    const told = await view.read(5);
    view.close();
    expect(told.map(({ data }: { data: Alert }) => [data.id, data.occurrences])).toEqual(
      [1, 2, 3, 4, 4].map((occurrences) => [alert.id, occurrences]),
    );
    const [one] = await api.runsOf(bad.id, 1);
    const { deduplicated: _, ...created } = alert;
    expect(one).toMatchObject({
      trigger: 'condition',
      status: 'succeeded',
      output: { title: 'Fire' },
      params: { event: { topic: 'alert.created', payload: created, source: 'core', chain: 1 } },
    });
    const [third] = await api.runsOf(often.id, 1);
    expect(third!.params).toMatchObject({ event: { payload: { id: alert.id, occurrences: 3 } } });
    const runs = await api.runsOf(every.id, 6);
    const seen = runs.map(({ params }) => (params as { event: { topic: string; payload: Alert } }).event);
    expect(seen.map(({ topic }) => topic).toSorted()).toEqual([
      ...['alert.created', 'alert.created', 'alert.deduplicated', 'alert.deduplicated', 'alert.deduplicated'],
      'alert.updated',
    ]);
    for (const [{ id }, count] of [
      [bad, 1],
      [often, 1],
      [every, 6],
    ] as const)
      expect((await api.call<Page<Run>>('GET', `/runs?task_id=${id}`)).body.total).toBe(count);
  }

  test('tasks of kind event and condition act on them', async () => actOn(await start()));

  test('the same where Redis carries the events', async ({ skip }) => {
    const redis = await privateRedis();
    if (redis === null) return skip('Redis is not installed');
    undo.push(() => redis.stop());
    await actOn(await start({ REDIS_URL: redis.url }));
  });

  test('a step submits in a run, and the same again in another run is an occurrence', async () => {
    const api = await start();
    const pipeline = [{ id: 'alert', uses: 'alerts.create', with: { ...fire, metadata: { at: '${now}' } } }];
    const task = await api.createTask({ payload: { pipeline } });
    const outputs = [];
    for (let n = 0; n < 2; n += 1) outputs.push((await api.ended(await api.runNow(task.id))).steps[0]!.output);
    const { alert_id } = outputs[0] as { alert_id: string };
    expect(outputs).toEqual([
      { alert_id, deduplicated: false, occurrences: 1, status: 'new' },
      { alert_id, deduplicated: true, occurrences: 2, status: 'new' },
    ]);
    const wrong = {
      pipeline: [{ id: 'alert', uses: 'alerts.create', with: { ...fire, severity: '${params.severity}' } }],
    };
    const other = await api.createTask({ max_retries: 0, payload: wrong });
    const failed = await api.ended(await api.runNow(other.id, { severity: 'awful' }));
    expect(failed.error).toMatchObject({
      code: 'input_invalid',
      message: expect.stringContaining('severity is "awful"'),
    });
  });

  test('a step that is repeated, one after another or at once, counts once and gets the first outcome', async () => {
    const store = await place.open();
    await store.start();
    undo.push(() => store.stop());
    const counted: string[] = [];
    const alerts = new AlertService({ store, clock: systemClock, onSubmitted: (outcome) => counted.push(outcome) });
    const tools = new ToolRegistry();
    registerAlertTools(tools, { alerts, store });
    const invoke = (key: string) => tools.invoke('alerts.create', { ...fire }, options({ idempotencyKey: key }));
    const run = newId();
    const first = await Promise.all(Array.from({ length: 20 }, () => invoke(`${run}:tell:0`)));
    const again = await invoke(`${run}:tell:0`);
    expect(new Set([...first, again].map((each) => JSON.stringify(each))).size).toBe(1);
    expect(again).toMatchObject({ deduplicated: false, occurrences: 1 });
    const next = await Promise.all([invoke(`${run}:tell:1`), invoke(`${run}:tell:1`)]);
    expect(next).toMatchObject([
      { deduplicated: true, occurrences: 2 },
      { deduplicated: true, occurrences: 2 },
    ]);
    const { items } = await alerts.list({});
    expect(items).toMatchObject([{ occurrences: 2 }]);
    expect(counted).toEqual(['created', 'deduplicated']);
    const noted = await store.db.selectFrom('event_blocks').select(['topic', 'n']).orderBy('id').execute();
    expect(noted).toEqual([
      { topic: 'alert.created', n: 1 },
      { topic: 'alert.deduplicated', n: 1 },
    ]);
    const keys = () => store.db.selectFrom('alert_submissions').select('key').execute();
    const clock = shiftedClock();
    const retention = new Retention({ store, clock, logger, days: 30 });
    await retention.sweep();
    expect(await keys()).toHaveLength(2);
    clock.shift(31 * 86_400_000);
    await retention.sweep();
    expect(await keys()).toEqual([]);
  });

  test('a task that answers every alert with another one stops after eight', async () => {
    const api = await start();
    const pipeline = [
      { id: 'alert', uses: 'alerts.create', with: { ...fire, dedup_key: '${params.event.payload.dedup_hash}+' } },
    ];
    const task = await onEvent(api, 'alert.created', { payload: { pipeline } });
    await submit(api, { dedup_key: 'x' });
    await api.runsOf(task.id, 8);
    // The ninth alert starts nothing: decided when its event is in the log.
    const view = await openView(`${api.url}/alerts/stream`, { 'last-event-id': '0-0' });
    expect((await view.read(9)).map(({ data }: { data: Alert }) => data.dedup_hash.length)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
    view.close();
    expect((await api.call<Page<Run>>('GET', `/runs?task_id=${task.id}`)).body.total).toBe(8);
  });

  test('who may not see alerts sees nothing of their events, and has no task started by them', async () => {
    const api = await start(withLogin());
    const admin = bearer((await logIn(api)).access_token);
    const scoped = async (username: string, scopes: string[]) =>
      bearer((await newUser(api, admin.authorization!.slice(7), { username, scopes })).tokens.access_token);
    const blind = await scoped('blind', ['events:read', 'approvals:read', 'events:publish', 'tasks:*', 'tools:call']);
    const guarding = ['alerts:read', 'approvals:read', 'handlers:read'];
    const seeing = await scoped('seeing', ['events:read', ...guarding, 'tasks:*', 'tools:call']);
    const views = [
      await openView(`${api.url}/events/stream?topic=*.created`, seeing),
      await openView(`${api.url}/events/stream`, blind),
    ] as const;
    await api.call('POST', '/alerts', fire, admin);
    await api.call('POST', '/events', { topic: 'mark' }, blind);
    const topicOf = ({ data }: { data: { topic: string } }) => data.topic;
    expect((await views[0].read(1)).map(topicOf)).toEqual(['alert.created']);
    expect((await views[1].read(1)).map(topicOf)).toEqual(['mark']);
    for (const view of views) view.close();
    const recent = async (headers: Record<string, string>, path: string) => {
      const { body } = await api.call<{ items: { topic: string }[] }>('GET', path, undefined, headers);
      return body.items.map(({ topic }) => topic).filter((topic) => ['alert.created', 'mark'].includes(topic));
    };
    expect(await recent(blind, '/events/stream/recent?count=1')).toEqual(['mark']);
    expect(await recent(blind, '/events/topics')).toEqual(['mark']);
    expect(await recent(seeing, '/events/stream/recent')).toEqual(['mark', 'alert.created']);
    expect(await recent(seeing, '/events/topics')).toEqual(['alert.created', 'mark']);
    const refused = await api.call<ErrorBody>('GET', '/events/stream?topic=alert.*', undefined, blind);
    expect(refused).toMatchObject({ status: 403, body: { details: { required_scopes: ['alerts:read'] } } });
    const createAs = (headers: Record<string, string>, event_topic: string) =>
      api.call<Task & ErrorBody>(
        'POST',
        '/tasks',
        { title: 'a', schedule_kind: 'event', event_topic, payload: { pipeline: [] } },
        headers,
      );
    for (const topic of ['alert.created', 'alert.*', '**', '*.updated'])
      expect(await createAs(blind, topic), topic).toMatchObject({
        status: 403,
        body: { details: { required_scopes: ['alerts:read'], field: 'event_topic' } },
      });
    expect((await createAs(seeing, '**')).status).toBe(201);
    const narrow = await createAs(blind, 'deploy.*');
    expect(narrow.status).toBe(201);
    const path = `/tasks/${narrow.body.id}`;
    expect((await api.call('PATCH', path, { event_topic: 'alert.*' }, blind)).status).toBe(403);
    expect((await api.call('PATCH', path, { event_topic: 'build.*' }, blind)).status).toBe(200);
    for (const [method, of] of [
      ['GET', '/alerts'],
      ['POST', '/alerts'],
      ['GET', '/alerts/stream'],
    ] as const)
      expect((await api.call(method, of, undefined, blind)).status).toBe(403);
    expect((await api.call('POST', '/alerts', fire, seeing)).status).toBe(403);
  });

  test('whoever acknowledges is assigned, unless somebody is named', async () => {
    const api = await start(withLogin());
    const { access_token } = await logIn(api);
    const admin = bearer(access_token);
    const { tokens } = await newUser(api, access_token, { username: 'anna', role: 'analyst' });
    const { body } = await api.call<SubmittedAlert>('POST', '/alerts', fire, admin);
    const taken = await api.call('POST', `/alerts/${body.id}/acknowledge`, undefined, bearer(tokens.access_token));
    expect(taken.body).toMatchObject({ status: 'triaged', assigned_agent: 'anna' });
  });
});
