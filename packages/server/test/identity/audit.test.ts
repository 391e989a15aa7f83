import type { AuditEntry, ErrorBody, Page, Task } from '@ordinaut/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer } from '../support/server.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';
import { ADMIN_PASSWORD, bearer, logIn, newUser, withLogin } from './people.ts';

const task = {
  title: 'audited',
  schedule_kind: 'once',
  schedule_expr: '2099-01-01T00:00:00Z',
  payload: { pipeline: [] },
};

describeStores('the audit log', (kind) => {
  let place: TestPlace;
  let api: Awaited<ReturnType<typeof startServer>>;
  let admin: Record<string, string>;
  beforeAll(async () => {
    place = await newPlace(kind);
    api = await startServer(place, { environment: withLogin() });
    admin = bearer((await logIn(api)).access_token);
  });
  afterAll(async () => {
    await api.server.stop();
    await place.remove();
  });
  const entries = async (query = '') =>
    (await api.call<Page<AuditEntry>>('GET', `/audit?limit=200${query}`, undefined, admin)).body.items;

  test('tells who did what, when, from where, under which request, and what came of it', async () => {
    const made = await api.call<Task>('POST', '/tasks', task, { ...admin, 'x-request-id': 'req-1' });
    const [entry] = await entries('&action=tasks.create');
    expect(entry).toEqual({
      id: expect.any(String),
      at: expect.any(String),
      action: 'tasks.create',
      target: made.body.id,
      fields: null,
      principal: 'admin',
      via: 'token',
      address: '127.0.0.1',
      request_id: 'req-1',
      outcome: 'success',
      status: 201,
      error: null,
    });
    expect(Math.abs(Date.parse(entry!.at) - Date.now())).toBeLessThan(60_000);
  });

  test('also what was refused or failed; reading is not in it', async () => {
    const { tokens } = await newUser(api, admin.authorization!.slice(7), { username: `audited-${kind}` });
    const they = bearer(tokens.access_token);
    expect((await api.call('POST', '/tasks', { title: 1 }, admin)).status).toBe(400);
    await api.call('GET', '/tasks', undefined, admin);
    const [failed] = await entries('&outcome=failed');
    expect(failed).toMatchObject({ action: 'tasks.create', status: 400, error: 'bad_request', target: null });
    const { status } = await api.call<ErrorBody>('POST', '/users', { username: 'x1' }, they);
    expect(status).toBe(403);
    const [refused] = await entries(`&principal=audited-${kind}&outcome=refused`);
    expect(refused).toMatchObject({ action: 'users.create', status: 403, error: 'forbidden' });
    expect((await entries()).some(({ action }) => action.includes('list') || action.includes('get'))).toBe(false);
  });

  test('which fields of something were changed, and not what they became', async () => {
    await newUser(api, admin.authorization!.slice(7), { username: `changed-${kind}` });
    await api.call('PATCH', `/users/changed-${kind}`, { disabled: true, password: 'quite another one' }, admin);
    const [entry] = await entries('&action=users.update');
    expect(entry).toMatchObject({ target: `changed-${kind}`, fields: ['disabled', 'password'] });
    expect(JSON.stringify(entry)).not.toContain('quite another one');
  });

  test('logins and failed ones, with names that are known and no others', async () => {
    await api.call('POST', '/auth/token', { username: 'admin', password: 'wrong wrong wrong' });
    await api.call('POST', '/auth/token', { username: ADMIN_PASSWORD, password: 'typed in the wrong field' });
    await logIn(api);
    const [succeeded, unknown, wrong] = await entries('&action=auth.token');
    expect(wrong).toMatchObject({ principal: 'admin', outcome: 'refused', status: 401, via: 'none' });
    expect(unknown).toMatchObject({ principal: null, outcome: 'refused' });
    expect(succeeded).toMatchObject({ principal: 'admin', outcome: 'success' });
    expect(JSON.stringify(await entries())).not.toContain(ADMIN_PASSWORD);
  });

  test('a replayed answer is no second change', async () => {
    const keyed = { ...admin, 'idempotency-key': `audit-${kind}` };
    const before = (await entries('&action=tasks.create')).length;
    for (const _ of [1, 2]) expect((await api.call('POST', '/tasks', task, keyed)).status).toBe(201);
    expect((await entries('&action=tasks.create')).length).toBe(before + 1);
    // A refusal with a key is an answer like any other, and is noted all the same.
    const wrong = { ...admin, 'idempotency-key': `wrong-${kind}` };
    expect((await api.call('POST', '/tasks', { title: 'no schedule' }, wrong)).status).toBe(400);
    const [newest] = await entries('&action=tasks.create');
    expect(newest).toMatchObject({ outcome: 'failed', status: 400 });
  });

  test('requests to extensions that may change something, and the tools they call for somebody', async () => {
    await api.call('POST', '/ext/events_demo/publish/audited', { a: 1 }, admin);
    const [published] = await entries('&action=ext.events_demo.request');
    expect(published).toMatchObject({ target: 'POST /publish/:stream', principal: 'admin', outcome: 'success' });
    await api.call(
      'POST',
      '/ext/mcp_http/invoke',
      { tool: 'create_task', parameters: { title: 'x', schedule: '0 9 * * *' } },
      admin,
    );
    const [called] = await entries('&action=ext.mcp_http.tool');
    expect(called).toMatchObject({ target: 'create_task', principal: 'admin', outcome: 'success' });
  });

  test('is for admins, filters, and goes on after an entry', async () => {
    const { tokens } = await newUser(api, admin.authorization!.slice(7), {
      username: `nosy-${kind}`,
      scopes: ['runs:read'],
    });
    expect((await api.call('GET', '/audit', undefined, bearer(tokens.access_token))).status).toBe(403);
    const [newest] = await entries();
    await api.call('POST', '/tasks', task, admin);
    const after = await entries(`&after=${newest!.id}`);
    expect(after.map(({ action }) => action)).toEqual(['tasks.create']);
    expect(await entries('&since=2099-01-01T00:00:00Z')).toEqual([]);
  });
});
