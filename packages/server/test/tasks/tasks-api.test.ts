import type { ErrorBody, FieldIssue, OperationResult, Page, Run, Task } from '@ordinaut/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunningServer } from '../../src/server.ts';
import { startServer, type TestApi } from '../support/server.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';

const echo = { id: 'say', uses: 'core.echo', with: { hello: 'world' } };
const payload = { pipeline: [echo] };
const unknownId = '01890000-0000-7000-8000-000000000000';

describeStores('tasks', (kind) => {
  let place: TestPlace;
  let ordinaut: TestApi & { server: RunningServer };

  beforeAll(async () => {
    place = await newPlace(kind);
    // Without a worker, so that runs stay queued.
    ordinaut = await startServer(place, { environment: { ORDINAUT_ROLES: 'api,scheduler' } });
  });

  afterAll(async () => {
    await ordinaut?.server.stop();
    await place?.remove();
  });

  const act = (id: string, verb: string, body?: unknown) =>
    ordinaut.call<OperationResult>('POST', `/tasks/${id}/${verb}`, body);
  const get = async (id: string) => (await ordinaut.call<Task>('GET', `/tasks/${id}`)).body;

  test('a created task has its defaults and its next fire time', async () => {
    const { status, body } = await ordinaut.call<Task>('POST', '/api/v1/tasks', {
      title: 'Morning briefing',
      schedule_kind: 'cron',
      schedule_expr: '30 8 * * mon-fri',
      timezone: 'Europe/Chisinau',
      payload,
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      status: 'active',
      priority: 5,
      max_retries: 3,
      backoff_strategy: 'exponential_jitter',
      misfire_policy: 'run_once',
      misfire_grace_seconds: 30,
      revision: 1,
      payload,
      dtstart: null,
    });
    expect(new Date(body.next_run_at!).getUTCMinutes()).toBe(30);
    expect(await get(body.id)).toEqual(body);
  });

  test('names every bad field at once', async () => {
    const { status, body } = await ordinaut.call<ErrorBody>('POST', '/tasks', {
      title: '',
      colour: 'red',
      schedule_kind: 'cron',
      schedule_expr: '61 * * * *',
      timezone: 'Europe/Berln',
      priority: 0,
      payload: {
        pipeline: [
          { id: 'a', uses: 'core.ecko', with: { text: '${steps.b' } },
          { id: 'a', uses: 'core.echo', if: 'steps.zzz' },
        ],
      },
    });
    expect(status).toBe(400);
    expect(body.error).toBe('bad_request');
    const issues = body.details.errors as FieldIssue[];
    const said = Object.fromEntries(issues.map(({ field, issue }) => [field, issue]));
    expect(Object.keys(said).toSorted()).toEqual(
      [
        'colour',
        'payload.pipeline[0].uses',
        'payload.pipeline[0].with.text',
        'payload.pipeline[1].id',
        'payload.pipeline[1].if',
        'priority',
        'schedule_expr',
        'timezone',
        'title',
      ].toSorted(),
    );
    expect(said['payload.pipeline[0].uses']).toContain('core.echo');
    expect(said.timezone).toContain('Europe/Berlin');
    expect(said.schedule_expr).toContain('61');
    expect(body.details).toMatchObject({ field: issues[0]!.field, issue: issues[0]!.issue });
  });

  test.each([
    ['no expression', { schedule_kind: 'cron' }, 'schedule_expr'],
    [
      'a moment that is past',
      { schedule_kind: 'once', schedule_expr: '2001-01-01T00:00:00Z', misfire_policy: 'skip' },
      'schedule_expr',
    ],
    ['an event without a topic', { schedule_kind: 'event' }, 'event_topic'],
    [
      'a condition that does not parse',
      { schedule_kind: 'condition', event_topic: 'a.*', schedule_expr: 'payload.(' },
      'schedule_expr',
    ],
    [
      'a window without a key',
      { schedule_kind: 'cron', schedule_expr: '@daily', dedupe_window_seconds: 5 },
      'dedupe_key',
    ],
    [
      'a start that is no instant',
      { schedule_kind: 'rrule', schedule_expr: 'FREQ=DAILY', dtstart: 'tomorrow' },
      'dtstart',
    ],
    ['a rule that never fires', { schedule_kind: 'cron', schedule_expr: '0 0 30 2 *' }, 'schedule_expr'],
  ])('refuses %s', async (_, fields, field) => {
    const { status, body } = await ordinaut.call<ErrorBody>('POST', '/tasks', { title: 'x', payload, ...fields });
    expect(status).toBe(400);
    expect((body.details.errors as FieldIssue[]).map((issue) => issue.field)).toEqual([field]);
  });

  test('accepts a tool that is not there yet only when told to', async () => {
    const task = {
      title: 'x',
      schedule_kind: 'event',
      event_topic: 'orders.*',
      payload: { pipeline: [{ id: 'a', uses: 'ext.later.tool' }] },
    };
    expect((await ordinaut.call('POST', '/tasks', task)).status).toBe(400);
    const { status, body } = await ordinaut.call<Task>('POST', '/tasks', { ...task, allow_unknown_tools: true });
    expect(status).toBe(201);
    expect(body.next_run_at).toBeNull();
  });

  test('an update changes what is sent, and begins a revision only when what is run changes', async () => {
    const task = await ordinaut.createTask({ schedule_kind: 'cron', schedule_expr: '0 9 * * *', payload });
    const renamed = await ordinaut.call<Task>('PATCH', `/tasks/${task.id}`, { title: 'renamed', description: 'why' });
    expect(renamed.body).toMatchObject({
      title: 'renamed',
      description: 'why',
      revision: 1,
      next_run_at: task.next_run_at,
    });
    const changed = await ordinaut.call<Task>('PUT', `/tasks/${task.id}`, {
      payload: { pipeline: [] },
      schedule_expr: '0 10 * * *',
    });
    expect(changed.body).toMatchObject({ revision: 2, payload: { pipeline: [] } });
    expect(new Date(changed.body.next_run_at!).getUTCHours()).toBe(10);
    const refused = await ordinaut.call<ErrorBody>('PATCH', `/tasks/${task.id}`, {
      schedule_expr: 'never',
      status: 'active',
    });
    expect(refused.status).toBe(400);
    expect((refused.body.details.errors as FieldIssue[]).map((issue) => issue.field).toSorted()).toEqual([
      'schedule_expr',
      'status',
    ]);
    expect(await get(task.id)).toEqual(changed.body);
  });

  test('pause, resume and cancel go the ways they may', async () => {
    const task = await ordinaut.createTask({ schedule_kind: 'cron', schedule_expr: '0 9 * * *', payload });
    expect((await act(task.id, 'pause')).body.details).toMatchObject({ old_status: 'active', new_status: 'paused' });
    expect(await get(task.id)).toMatchObject({ status: 'paused', next_run_at: null });
    expect((await act(task.id, 'pause')).status).toBe(200);
    expect((await act(task.id, 'resume')).status).toBe(200);
    expect(await get(task.id)).toMatchObject({ status: 'active', next_run_at: task.next_run_at });
    expect((await ordinaut.call('DELETE', `/tasks/${task.id}`)).status).toBe(200);
    expect((await act(task.id, 'cancel')).status).toBe(200);
    for (const verb of ['pause', 'resume', 'run_now']) expect((await act(task.id, verb)).status).toBe(409);
    expect((await ordinaut.call('PATCH', `/tasks/${task.id}`, { title: 'x' })).status).toBe(409);
    expect((await act(unknownId, 'pause')).status).toBe(404);
  });

  test('snooze puts off the next run and no other', async () => {
    const task = await ordinaut.createTask({ schedule_kind: 'cron', schedule_expr: '0 9 * * *', payload });
    const { body } = await act(task.id, 'snooze', { delay_seconds: 600, reason: 'holiday' });
    const next = new Date(Date.parse(task.next_run_at!) + 600_000).toISOString();
    expect(body.details).toEqual({ task_id: task.id, delay_seconds: 600, next_run_at: next, reason: 'holiday' });
    expect((await act(task.id, 'snooze', { delay_seconds: 0 })).status).toBe(400);
    const event = await ordinaut.createTask({ schedule_kind: 'event', schedule_expr: null, event_topic: 'a', payload });
    expect((await act(event.id, 'snooze', { delay_seconds: 5 })).status).toBe(409);
  });

  test('a cancel takes the queued runs along', async () => {
    const task = await ordinaut.createTask({ payload });
    const ids = [await ordinaut.runNow(task.id), await ordinaut.runNow(task.id)];
    expect((await act(task.id, 'cancel')).body.details).toMatchObject({ canceled_runs: 2 });
    for (const id of ids) expect((await ordinaut.call<Run>('GET', `/runs/${id}`)).body.status).toBe('canceled');
  });

  test('a dedupe window gives the first run', async () => {
    const task = await ordinaut.createTask({ payload, dedupe_key: `k-${kind}`, dedupe_window_seconds: 60 });
    const answers = await Promise.all([1, 2, 3].map(() => act(task.id, 'run_now')));
    expect(new Set(answers.map(({ body }) => body.details.run_id)).size).toBe(1);
    expect(answers.filter(({ body }) => body.details.deduplicated)).toHaveLength(2);
  });

  test('an idempotency key replays the answer, and refuses another request', async () => {
    const key = { 'idempotency-key': `create-${kind}` };
    const input = { title: 'once only', schedule_kind: 'cron', schedule_expr: '@daily', payload };
    const first = await ordinaut.call<Task>('POST', '/tasks', input, key);
    const again = await ordinaut.call<Task>('POST', '/tasks', input, key);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect((await ordinaut.call('POST', '/tasks', { ...input, title: 'other' }, key)).status).toBe(409);
    const page = await ordinaut.call<Page<Task>>('GET', '/tasks?schedule_kind=cron&limit=200');
    expect(page.body.items.filter((task) => task.title === 'once only')).toHaveLength(1);
  });

  test('lists newest first, by pages that hold still', async () => {
    const made = [];
    for (let n = 0; n < 5; n++)
      made.push(await ordinaut.createTask({ title: `page ${n}`, payload, created_by: `pager-${kind}` }));
    const wanted = made.map((task) => task.id).toReversed();
    const path = `/tasks?created_by=pager-${kind}&limit=2`;
    const one = (await ordinaut.call<Page<Task>>('GET', path)).body;
    expect(one).toMatchObject({ total: 5, limit: 2, offset: 0, has_more: true });
    await ordinaut.createTask({ title: 'later', payload, created_by: `pager-${kind}` });
    const two = (await ordinaut.call<Page<Task>>('GET', `${path}&cursor=${one.next_cursor}`)).body;
    const three = (await ordinaut.call<Page<Task>>('GET', `${path}&cursor=${two.next_cursor}`)).body;
    expect([...one.items, ...two.items, ...three.items].map((task) => task.id)).toEqual(wanted);
    expect(three).toMatchObject({ has_more: false, next_cursor: null });
    const skipped = (await ordinaut.call<Page<Task>>('GET', `${path}&skip=1`)).body;
    expect(skipped.items.map((task) => task.id)).toEqual(wanted.slice(0, 2));
    expect((await ordinaut.call('GET', '/tasks?limit=0&colour=red')).status).toBe(400);
    expect((await ordinaut.call('GET', '/tasks?cursor=nonsense')).status).toBe(400);
  });

  test('shows what is not there as not found', async () => {
    for (const path of [
      `/tasks/${unknownId}`,
      `/tasks/${unknownId}/runs/latest`,
      `/tasks/${unknownId}/stats`,
      `/runs/${unknownId}`,
      `/runs/${unknownId}/stream`,
    ]) {
      const { status, body } = await ordinaut.call<ErrorBody>('GET', path);
      expect([status, body.error]).toEqual([404, 'not_found']);
    }
  });

  test('previews an expression', async () => {
    const { body } = await ordinaut.call<{ fire_times: { at: string; local: string; note: string | null }[] }>(
      'POST',
      '/schedules/preview',
      {
        schedule_kind: 'cron',
        schedule_expr: '30 2 * * *',
        timezone: 'Europe/Berlin',
        from: '2026-03-27T12:00:00Z',
        count: 3,
      },
    );
    expect(body.fire_times.map((fire) => fire.at)).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:30:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
    expect(body.fire_times[1]!.note).toMatch(/02:30/);
  });
});
