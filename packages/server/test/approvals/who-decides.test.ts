import type { Approval, AuditEntry, ErrorBody, EventList, Page, Run, Task } from '@ordinaut/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openView } from '../alerts/live-view.ts';
import { bearer, logIn, newUser, withLogin } from '../identity/people.ts';
import { startServer } from '../support/server.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';
import { ask, askedBy, decide } from './asking.ts';

type Name = 'admin' | 'ada' | 'bob' | 'opa' | 'vera' | 'robot' | 'reader' | 'blind' | 'seer';

describeStores('who decides an approval', (kind) => {
  let place: TestPlace;
  let api: Awaited<ReturnType<typeof startServer>>;
  const as = {} as Record<Name, Record<string, string>>;
  beforeAll(async () => {
    place = await newPlace(kind);
    api = await startServer(place, { environment: withLogin() });
    const { access_token } = await logIn(api);
    as.admin = bearer(access_token);
    for (const [username, fields] of [
      ['ada', { role: 'operator' }],
      ['bob', { role: 'analyst' }],
      ['opa', { role: 'operator' }],
      ['vera', { role: 'viewer' }],
      ['robot', { role: 'api_service' }],
      ['reader', { scopes: ['approvals:read'] }],
      ['blind', { scopes: ['events:read', 'alerts:read', 'handlers:read', 'tasks:create', 'tools:call'] }],
      ['seer', { scopes: ['events:read', 'approvals:read', 'tasks:create', 'tools:call'] }],
    ] as const) {
      as[username] = bearer((await newUser(api, access_token, { username, ...fields })).tokens.access_token);
    }
  }, 60_000);
  afterAll(async () => {
    await api.server.stop();
    await place.remove();
  });

  /** What a task of Ada's asks. */
  async function askAs(name: Name, input: Record<string, unknown> = {}): Promise<{ run: Run; approval: Approval }> {
    const body = {
      title: 'asks',
      schedule_kind: 'once',
      schedule_expr: '2099-01-01T00:00:00Z',
      payload: { pipeline: [ask(input)] },
    };
    const task = await api.call<Task>('POST', '/tasks', body, as[name]);
    expect(task.status).toBe(201);
    const queued = await api.call<{ details: { run_id: string } }>(
      'POST',
      `/tasks/${task.body.id}/run_now`,
      undefined,
      as[name],
    );
    return askedBy(api, queued.body.details.run_id, as.admin);
  }
  const tries = (name: Name, id: string, verb: 'approve' | 'reject' = 'approve') =>
    decide<Approval & ErrorBody>(api, verb, id, undefined, as[name]);

  test('the events of approvals are for those who may see approvals, and so are tasks on them', async () => {
    const view = await openView(`${api.url}/events/stream?topic=approval.*`, as.seer);
    await askAs('ada');
    const [seen] = await view.read(1);
    expect(seen?.data).toMatchObject({ topic: 'approval.requested' });
    view.close();
    const recent = async (name: Name) => {
      const { body } = await api.call<EventList>('GET', '/events/stream/recent?count=1000', undefined, as[name]);
      return body.items.map(({ topic }) => topic).filter((topic) => topic.startsWith('approval.'));
    };
    expect(await recent('blind')).toEqual([]);
    expect(await recent('seer')).toContain('approval.requested');
    const follow = await api.call<ErrorBody>('GET', '/events/stream?topic=approval.*', undefined, as.blind);
    expect(follow).toMatchObject({ status: 403, body: { details: { required_scopes: ['approvals:read'] } } });
    for (const event_topic of ['approval.requested', 'approval.*', 'a*.approved', '*.expired']) {
      const task = { title: 't', schedule_kind: 'event', event_topic, payload: { pipeline: [] } };
      const refused = await api.call<ErrorBody>('POST', '/tasks', task, as.blind);
      expect(refused, event_topic).toMatchObject({
        status: 403,
        body: { details: { required_scopes: ['approvals:read'], field: 'event_topic' } },
      });
      expect((await api.call('POST', '/tasks', task, as.seer)).status, event_topic).toBe(201);
    }
  });

  test('the scope is needed, to see and to decide', async () => {
    const { approval } = await askAs('ada');
    for (const name of ['vera', 'robot', 'reader'] as const) {
      expect((await api.call('GET', `/approvals/${approval.id}`, undefined, as[name])).status).toBe(200);
      for (const verb of ['approve', 'reject'] as const) {
        const refused = await tries(name, approval.id, verb);
        expect([name, refused.status]).toEqual([name, 403]);
        expect(refused.body.details.required_scopes).toEqual(['approvals:decide']);
      }
    }
    expect((await decide(api, 'approve', approval.id)).status).toBe(401);
    expect((await api.call('GET', '/approvals')).status).toBe(401);
    expect(await tries('bob', approval.id)).toMatchObject({ status: 200, body: { decided_by: 'bob' } });
  });

  test('who has asked, who has decided and why is told, and is final', async () => {
    const { run, approval } = await askAs('ada');
    expect(approval.requested_by).toBe('ada');
    expect((await decide(api, 'reject', approval.id, 'Too risky', as.bob)).status).toBe(200);
    expect(await tries('bob', approval.id, 'reject')).toMatchObject({ status: 200, body: { comment: 'Too risky' } });
    for (const verb of ['approve', 'reject'] as const) {
      const refused = await tries('opa', approval.id, verb);
      expect(refused).toMatchObject({ status: 409, body: { details: { status: 'rejected', decided_by: 'bob' } } });
      expect(refused.body.message).toContain('was rejected by bob');
    }
    await (await fetch(`${api.url}/runs/${run.id}/stream`, { headers: as.admin })).text();
    const over = await api.call<Run>('GET', `/runs/${run.id}`, undefined, as.admin);
    expect(over.body.error?.message).toBe('bob has rejected "Deploy?": Too risky');
  });

  test('approvers limit it further, by name and by role', async () => {
    const named = await askAs('ada', { approvers: ['BOB', 'role:viewer'] });
    for (const name of ['admin', 'ada', 'opa'] as const) {
      const refused = await tries(name, named.approval.id);
      expect([name, refused.status]).toEqual([name, 403]);
      expect(refused.body.details.approvers).toEqual(['BOB', 'role:viewer']);
      expect(refused.body.message).toContain(`Only BOB, role:viewer may decide`);
    }
    // Being named is no scope.
    expect((await tries('vera', named.approval.id)).body.details).toHaveProperty('required_scopes');
    expect((await tries('bob', named.approval.id)).status).toBe(200);

    const role = await askAs('ada', { approvers: ['role:operator'] });
    expect((await tries('bob', role.approval.id)).status).toBe(403);
    expect(await tries('opa', role.approval.id)).toMatchObject({ status: 200, body: { decided_by: 'opa' } });
  });

  test('whoever asks may decide, unless the step forbids it', async () => {
    const own = await askAs('ada');
    expect((await tries('ada', own.approval.id)).status).toBe(200);
    const other = await askAs('ada', { allow_self: false, approvers: ['ada', 'opa'] });
    const refused = await tries('ada', other.approval.id);
    expect(refused).toMatchObject({ status: 403, body: { details: { requested_by: 'ada' } } });
    expect(refused.body.message).toContain('somebody else has to decide');
    expect((await tries('opa', other.approval.id)).status).toBe(200);
  });

  test('of many people who decide at once exactly one does', async () => {
    const { approval } = await askAs('ada');
    const people = ['ada', 'bob', 'opa', 'admin'] as const;
    const answers = await Promise.all(
      people.flatMap((name) => [tries(name, approval.id), tries(name, approval.id, 'reject')]),
    );
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    const stored = await api.call<Approval>('GET', `/approvals/${approval.id}`, undefined, as.admin);
    expect(stored.body).toEqual(won[0]!.body);
    for (const { status, body } of answers) {
      if (status !== 200) expect(body.details).toMatchObject({ decided_by: stored.body.decided_by });
    }
  });

  test('decisions and refusals are in the audit log', async () => {
    const { approval } = await askAs('ada', { approvers: ['opa'] });
    await tries('bob', approval.id);
    await decide(api, 'approve', approval.id, 'yes', as.opa);
    const page = await api.call<Page<AuditEntry>>(
      'GET',
      '/audit?action=approvals.approve&limit=2',
      undefined,
      as.admin,
    );
    expect(page.body.items).toMatchObject([
      { principal: 'opa', target: approval.id, outcome: 'success', fields: ['comment'] },
      { principal: 'bob', target: approval.id, outcome: 'refused', status: 403, error: 'forbidden' },
    ]);
  });
});

test('where nobody logs in, what is for certain people cannot be decided by everybody', async () => {
  const place = await newPlace('sqlite');
  const api = await startServer(place);
  for (const [input, reason] of [
    [{ approvers: ['admin'] }, 'you are nobody who is logged in'],
    [{ allow_self: false }, 'Log in to decide'],
  ] as const) {
    const task = await api.createTask({ payload: { pipeline: [ask(input)] } });
    const { approval } = await askedBy(api, await api.runNow(task.id));
    const refused = await decide<ErrorBody>(api, 'approve', approval.id);
    expect([refused.status, refused.body.error]).toEqual([403, 'forbidden']);
    expect(refused.body.message).toContain(reason);
  }
  await api.server.stop();
  await place.remove();
});
