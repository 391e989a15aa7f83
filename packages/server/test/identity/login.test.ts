import type { Agent, AgentCredentials, ErrorBody, Me, TokenAnswer, User } from '@ordinaut/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer } from '../support/server.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';
import { ADMIN_PASSWORD, bearer, logIn, newUser, withLogin } from './people.ts';

describeStores('logging in', (kind) => {
  let place: TestPlace;
  let api: Awaited<ReturnType<typeof startServer>>;
  beforeAll(async () => {
    place = await newPlace(kind);
    api = await startServer(place, { environment: withLogin() });
  });
  afterAll(async () => {
    await api.server.stop();
    await place.remove();
  });
  const me = (headers: Record<string, string>) => api.call<Me & ErrorBody>('GET', '/users/me', undefined, headers);

  test('a name and a password give tokens, which tell who one is', async () => {
    const tokens = await logIn(api);
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 3600, scopes: ['*'], scope: '*' });
    expect(Math.abs(Date.parse(tokens.server_time) - Date.now())).toBeLessThan(60_000);
    const { body } = await me(bearer(tokens.access_token));
    expect(body).toMatchObject({ authenticated: true, kind: 'user', username: 'admin', role: 'admin', via: 'token' });
  });

  test('a wrong password and an unknown name are answered alike, and the name is no matter of case', async () => {
    const wrong = { username: 'admin', password: 'not the password' };
    const [one, other] = await Promise.all([
      api.call<ErrorBody>('POST', '/auth/token', wrong),
      api.call<ErrorBody>('POST', '/auth/token', { ...wrong, username: 'nobody' }),
    ]);
    expect(one.status).toBe(401);
    expect(one.headers.get('www-authenticate')).toBe('Bearer realm="ordinaut"');
    expect([one.status, one.body.message, one.body.details]).toEqual([
      other.status,
      other.body.message,
      other.body.details,
    ]);
    expect((await logIn(api, 'ADMIN')).scopes).toEqual(['*']);
  });

  test('a refresh token gives the next pair once; the second use ends the session and every token of it', async () => {
    const first = await logIn(api);
    const refresh = (refresh_token: string, path = '/auth/refresh') =>
      api.call<TokenAnswer & ErrorBody>('POST', path, { refresh_token });
    const second = await refresh(first.refresh_token);
    expect(second.status).toBe(200);
    expect((await me(bearer(second.body.access_token))).status).toBe(200);
    const third = await refresh(second.body.refresh_token, '/agents/auth/refresh');
    expect(third.status).toBe(200);

    const again = await refresh(first.refresh_token);
    expect([again.status, again.body.message]).toEqual([401, expect.stringContaining('was used before')]);
    for (const { access_token } of [first, second.body, third.body]) {
      expect((await me(bearer(access_token))).status).toBe(401);
    }
    expect((await refresh(third.body.refresh_token)).status).toBe(401);
  });

  test('an access token is no refresh token, and the other way round', async () => {
    const { access_token, refresh_token } = await logIn(api);
    expect((await api.call('POST', '/auth/refresh', { refresh_token: access_token })).status).toBe(401);
    expect((await me(bearer(refresh_token))).status).toBe(401);
  });

  test('of two refreshes with one token at the same moment one wins, and the session ends', async () => {
    const { refresh_token } = await logIn(api);
    const answers = await Promise.all([1, 2].map(() => api.call('POST', '/auth/refresh', { refresh_token })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
  });

  test('logging out counts at once, and so does revoking the refresh token', async () => {
    const one = await logIn(api);
    const other = await logIn(api);
    expect((await me(bearer(one.access_token))).status).toBe(200);
    const out = await api.call('POST', '/auth/logout', undefined, bearer(one.access_token));
    expect(out.body).toMatchObject({ success: true });
    const { status, body, headers } = await me(bearer(one.access_token));
    expect([status, body.message]).toEqual([401, 'The session of this access token has ended; log in again.']);
    expect(headers.get('www-authenticate')).toContain('error="invalid_token"');
    expect((await api.call('POST', '/auth/refresh', { refresh_token: one.refresh_token })).status).toBe(401);
    // Sessions of the same user are not each other's.
    expect((await me(bearer(other.access_token))).status).toBe(200);
    for (const path of ['/auth/revoke', '/agents/auth/revoke']) {
      const revoked = await api.call('POST', path, { refresh_token: other.refresh_token });
      expect(revoked.body).toMatchObject({ success: true });
    }
    expect((await me(bearer(other.access_token))).status).toBe(401);
    expect((await api.call('POST', '/auth/revoke', { refresh_token: 'nonsense' })).status).toBe(200);
  });

  test('a login can ask for less, and gets no more than the user has', async () => {
    const admin = await logIn(api);
    const { password } = await newUser(api, admin.access_token, {
      username: 'lesser',
      scopes: ['tasks:read', 'runs:*'],
    });
    const less = await logIn(api, 'lesser', password, ['runs:read']);
    expect(less.scopes).toEqual(['runs:read']);
    expect((await api.call('GET', '/tasks', undefined, bearer(less.access_token))).status).toBe(403);
    expect((await api.call('GET', '/runs', undefined, bearer(less.access_token))).status).toBe(200);
    const next = await api.call<TokenAnswer>('POST', '/auth/refresh', { refresh_token: less.refresh_token });
    expect(next.body.scopes).toEqual(['runs:read']);
    const more = await api.call<ErrorBody>('POST', '/auth/token', {
      username: 'lesser',
      password,
      scopes: ['tasks:create'],
    });
    expect([more.status, more.body.message]).toEqual([400, 'scopes: lesser may not: tasks:create']);
  });

  test('what an admin changes of a user counts for tokens that are out already', async () => {
    const admin = bearer((await logIn(api)).access_token);
    const { tokens, password } = await newUser(api, admin.authorization!.slice(7), {
      username: 'changing',
      scopes: ['tasks:read', 'runs:read'],
    });
    const headers = bearer(tokens.access_token);
    expect((await api.call('GET', '/tasks', undefined, headers)).status).toBe(200);
    await api.call<User>('PATCH', '/users/changing', { scopes: ['runs:read'] }, admin);
    const refused = await api.call<ErrorBody>('GET', '/tasks', undefined, headers);
    expect(refused.status).toBe(403);
    expect(refused.body.details).toEqual({ required_scopes: ['tasks:read'], granted_scopes: ['runs:read'] });
    // What is given counts at once, too.
    await api.call<User>('PATCH', '/users/changing', { scopes: ['runs:read', 'tasks:read'] }, admin);
    expect((await api.call('GET', '/tasks', undefined, headers)).status).toBe(200);
    await api.call('PATCH', '/users/changing', { disabled: true }, admin);
    expect((await api.call('GET', '/runs', undefined, headers)).status).toBe(401);
    expect((await api.call('POST', '/auth/token', { username: 'changing', password })).status).toBe(401);
    await api.call('PATCH', '/users/changing', { disabled: false }, admin);
    await logIn(api, 'changing', password);
  });

  test('users change their own password, and every session of theirs ends', async () => {
    const admin = await logIn(api);
    const { tokens, password } = await newUser(api, admin.access_token, { username: 'renewing' });
    const headers = bearer(tokens.access_token);
    const change = (current_password: string, new_password: string) =>
      api.call<ErrorBody>('POST', '/users/me/password', { current_password, new_password }, headers);
    const wrong = await change('not it at all', 'another long password');
    expect([wrong.status, wrong.body.details.field]).toEqual([400, 'current_password']);
    expect(JSON.stringify((await change(password, 'short')).body)).not.toContain('"short"');
    expect((await change(password, 'my name is renewing')).body.message).toContain('holds the username');
    expect((await change(password, 'another long password')).status).toBe(200);
    expect((await me(headers)).status).toBe(401);
    await logIn(api, 'renewing', 'another long password');
  });

  test('somebody is always left who may do everything', async () => {
    const admin = bearer((await logIn(api)).access_token);
    for (const patch of [{ disabled: true }, { role: 'viewer' }, { role: null }]) {
      const { status, body } = await api.call<ErrorBody>('PATCH', '/users/admin', patch, admin);
      expect([status, body.message]).toEqual([409, expect.stringContaining('last user who may do everything')]);
    }
    expect((await api.call('DELETE', '/users/admin', undefined, admin)).status).toBe(409);
    await logIn(api, 'admin', ADMIN_PASSWORD);
  });

  test('two admins cannot take everything from each other at the same moment', async () => {
    const admin = await logIn(api);
    const other = await newUser(api, admin.access_token, { username: `other-${kind}`, role: 'admin' });
    const demote = (name: string, token: string) =>
      api.call('PATCH', `/users/${name}`, { role: 'viewer' }, bearer(token));
    const statuses = await Promise.all([
      demote(`other-${kind}`, admin.access_token),
      demote('admin', other.tokens.access_token),
    ]);
    expect(statuses.map(({ status }) => status).sort()).not.toEqual([200, 200]);
    const token = (await logIn(api, 'admin')).scopes.includes('*') ? admin.access_token : other.tokens.access_token;
    expect((await api.call('PATCH', '/users/admin', { role: 'admin' }, bearer(token))).status).toBe(200);
    await api.call('DELETE', `/users/other-${kind}`, undefined, bearer((await logIn(api)).access_token));
  });

  test('a new password ends the logins that are under way with the old one', async () => {
    const admin = bearer((await logIn(api)).access_token);
    const { password } = await newUser(api, admin.authorization!.slice(7), { username: `racing-${kind}` });
    const body = { username: `racing-${kind}`, password };
    const logins = Array.from({ length: 12 }, () => api.call<TokenAnswer>('POST', '/auth/token', body));
    await api.call('PATCH', `/users/racing-${kind}`, { password: 'quite another password' }, admin);
    for (const { status, body: tokens } of await Promise.all(logins)) {
      if (status === 200) expect((await me(bearer(tokens.access_token))).status).toBe(401);
    }
  });

  test('the name of a deleted user is never given again, to nobody of either kind', async () => {
    const admin = bearer((await logIn(api)).access_token);
    const { tokens } = await newUser(api, admin.authorization!.slice(7), { username: 'Leaving' });
    expect((await api.call('DELETE', '/users/leaving', undefined, admin)).status).toBe(200);
    expect((await me(bearer(tokens.access_token))).status).toBe(401);
    expect((await api.call('GET', '/users/leaving', undefined, admin)).status).toBe(404);
    for (const [path, body] of [
      ['/users', { username: 'leaving' }],
      ['/agents', { name: 'LEAVING' }],
    ] as const) {
      expect((await api.call('POST', path, body, admin)).status).toBe(409);
    }
  });

  test('agents log in with a secret that is shown once, by id or name', async () => {
    const admin = bearer((await logIn(api)).access_token);
    const made = await api.call<Agent>('POST', '/agents', { name: `ci-${kind}`, scopes: ['events:publish'] }, admin);
    expect([made.status, made.body.has_secret]).toEqual([201, false]);
    const { id } = made.body;
    const logInAgent = (agent_secret: string, agent_id: string = id) =>
      api.call<TokenAnswer>('POST', '/agents/auth/token', { agent_id, agent_secret });
    expect((await logInAgent('anything')).status).toBe(401);
    const { body: first } = await api.call<AgentCredentials>('POST', `/agents/${id}/credentials`, undefined, admin);
    const tokens = await logInAgent(first.agent_secret);
    expect(tokens.body.scopes).toEqual(['events:publish']);
    expect((await logInAgent(first.agent_secret, `CI-${kind}`)).status).toBe(200);
    const published = await api.call('POST', '/events', { topic: 'ci.done' }, bearer(tokens.body.access_token));
    expect(published.status).toBe(202);
    const { body: second } = await api.call<AgentCredentials>('POST', `/agents/${id}/credentials`, undefined, admin);
    expect((await logInAgent(first.agent_secret)).status).toBe(401);
    expect((await me(bearer(tokens.body.access_token))).status).toBe(401);
    expect((await logInAgent(second.agent_secret)).status).toBe(200);
    // A user is no agent, and an agent no user.
    expect((await logInAgent(ADMIN_PASSWORD, 'admin')).status).toBe(401);
    const asUser = { username: `ci-${kind}`, password: second.agent_secret };
    expect((await api.call('POST', '/auth/token', asUser)).status).toBe(401);
  });

  test('names and passwords that will not do are named, without their values', async () => {
    const admin = bearer((await logIn(api)).access_token);
    const create = (body: object) => api.call<ErrorBody>('POST', '/users', body, admin);
    const fieldsOf = async (body: object) =>
      ((await create(body)).body.details.errors as { field: string }[]).map(({ field }) => field);
    expect(await fieldsOf({ username: 'has space', role: 'king', scopes: ['Tasks'] })).toEqual([
      'username',
      'role',
      'scopes[0]',
    ]);
    expect(await fieldsOf({ username: 'me' })).toEqual(['username']);
    const mistyped = await create({ username: 'typo', scopes: ['runs:read', 'events:publishh'] });
    expect(mistyped.body.message).toBe(
      'scopes[1]: is "events:publishh"; there is no such scope. Did you mean events:publish?',
    );
    const weak = await create({ username: 'weak', password: 'aaaaaaaaaaaaaaaa' });
    expect([weak.status, weak.body.details.field]).toEqual([400, 'password']);
    expect(JSON.stringify(weak.body)).not.toContain('aaaa');
  });
});

test('two processes on one database hear of a logout at once', async ({ skip }) => {
  const place = await newPlace('postgres');
  if (place.databaseUrl === null) return skip();
  const one = await startServer(place, { environment: withLogin() });
  const other = await startServer(place, { environment: withLogin() });
  try {
    const { access_token } = await logIn(one);
    const ask = () => other.call<Me>('GET', '/users/me', undefined, bearer(access_token));
    expect((await ask()).status).toBe(200);
    await one.call('POST', '/auth/logout', undefined, bearer(access_token));
    const begun = performance.now();
    while ((await ask()).status === 200) expect(performance.now() - begun).toBeLessThan(2_000);
  } finally {
    await one.server.stop();
    await other.server.stop();
    await place.remove();
  }
});
