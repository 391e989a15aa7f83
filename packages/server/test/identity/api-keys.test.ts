import type { ApiKey, CreatedApiKey, ErrorBody, Me, Page } from '@ordinaut/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer } from '../support/server.ts';
import { shiftedClock } from '../support/shifted-clock.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';
import { bearer, logIn, newUser, withLogin } from './people.ts';

const DAY_MS = 86_400_000;

describeStores('API keys', (kind) => {
  let place: TestPlace;
  let api: Awaited<ReturnType<typeof startServer>>;
  const clock = shiftedClock();
  beforeAll(async () => {
    place = await newPlace(kind);
    api = await startServer(place, { environment: withLogin(), clock });
  });
  afterAll(async () => {
    await api.server.stop();
    await place.remove();
  });
  const create = (headers: Record<string, string>, body: object) =>
    api.call<CreatedApiKey & ErrorBody>('POST', '/auth/api-keys', body, headers);
  const withKey = (key: string) => ({ 'x-api-key': key });
  const me = (headers: Record<string, string>) => api.call<Me>('GET', '/users/me', undefined, headers);

  test('a key does what its owner may do, in its own header or as a bearer token', async () => {
    const admin = bearer((await logIn(api)).access_token);
    const { status, body } = await create(admin, { name: 'backup' });
    expect(status).toBe(201);
    expect(body).toMatchObject({ name: 'backup', owner: 'admin', scopes: ['*'], expires_at: null, revoked_at: null });
    expect(body.api_key.startsWith(body.prefix)).toBe(true);
    for (const headers of [withKey(body.api_key), bearer(body.api_key)]) {
      expect((await me(headers)).body).toMatchObject({ username: 'admin', via: 'api_key', scopes: ['*'] });
    }
    expect((await me(withKey(`${body.api_key}x`))).status).toBe(401);
    expect((await me(withKey(''))).status).toBe(401);
  });

  test('a key is shown once, and listed without itself', async () => {
    const admin = bearer((await logIn(api)).access_token);
    const { body: made } = await create(admin, { name: 'listed', scopes: ['runs:read'] });
    const { body } = await api.call<Page<ApiKey>>('GET', '/auth/api-keys?limit=200', undefined, admin);
    const listed = body.items.find(({ id }) => id === made.id);
    expect(listed).toMatchObject({ name: 'listed', scopes: ['runs:read'] });
    expect(JSON.stringify(body)).not.toContain(made.api_key);
  });

  test('revoking counts at once; a key of somebody else is not there', async () => {
    const admin = await logIn(api);
    const { tokens } = await newUser(api, admin.access_token, { username: `keys-${kind}` });
    const mine = bearer(tokens.access_token);
    const { body: key } = await create(mine, { name: 'mine' });
    expect((await me(withKey(key.api_key))).status).toBe(200);
    const { body: others } = await create(bearer(admin.access_token), { name: 'not yours' });
    expect((await api.call('DELETE', `/auth/api-keys/${others.id}`, undefined, mine)).status).toBe(404);
    const { body: seen } = await api.call<Page<ApiKey>>('GET', '/auth/api-keys', undefined, mine);
    expect(seen.items.map(({ id }) => id)).toEqual([key.id]);
    expect((await api.call('DELETE', `/auth/api-keys/${key.id}`, undefined, mine)).status).toBe(200);
    expect((await me(withKey(key.api_key))).status).toBe(401);
  });

  test('a key expires', async () => {
    const admin = bearer((await logIn(api)).access_token);
    const { body: key } = await create(admin, { name: 'short', expires_in_days: 1 });
    expect((await me(withKey(key.api_key))).status).toBe(200);
    clock.shift(DAY_MS + 1000);
    try {
      expect((await me(withKey(key.api_key))).status).toBe(401);
    } finally {
      clock.shift(-DAY_MS - 1000);
    }
  });

  test('a key never does more than its owner, nor a token more than itself', async () => {
    const admin = await logIn(api);
    const owner = await newUser(api, admin.access_token, {
      username: `less-${kind}`,
      scopes: ['tasks:read', 'runs:read'],
    });
    const mine = bearer(owner.tokens.access_token);
    const more = await create(mine, { name: 'more', scopes: ['tasks:create'] });
    expect([more.status, more.body.details.field]).toEqual([400, 'scopes']);
    const { body: key } = await create(mine, { name: 'all of it' });
    await api.call('PATCH', `/users/less-${kind}`, { scopes: ['runs:read'] }, bearer(admin.access_token));
    expect((await me(withKey(key.api_key))).body.scopes).toEqual(['runs:read']);
    // What was given away for less makes no key that lasts, and takes none away.
    const narrow = bearer((await logIn(api, `less-${kind}`, owner.password, ['runs:read'])).access_token);
    await api.call('PATCH', `/users/less-${kind}`, { scopes: ['tasks:read', 'runs:read'] }, bearer(admin.access_token));
    expect((await create(narrow, { name: 'of a narrow token' })).status).toBe(403);
    expect((await api.call('DELETE', `/auth/api-keys/${key.id}`, undefined, narrow)).status).toBe(403);
    expect((await me(withKey(key.api_key))).body.scopes).toEqual(['runs:read', 'tasks:read']);
  });

  test('a token is no API key, also when it is known', async () => {
    const { access_token } = await logIn(api);
    expect((await me(bearer(access_token))).status).toBe(200);
    expect((await me(withKey(access_token))).status).toBe(401);
  });

  test('a key makes no keys, and nobody makes those of others without admin', async () => {
    const admin = await logIn(api);
    const { tokens } = await newUser(api, admin.access_token, { username: `plain-${kind}`, scopes: ['runs:read'] });
    const { body: key } = await create(bearer(tokens.access_token), { name: 'one' });
    expect((await create(withKey(key.api_key), { name: 'two' })).status).toBe(403);
    const forOther = await create(bearer(tokens.access_token), { name: 'x', owner: 'admin' });
    expect(forOther.body).toMatchObject({ error: 'forbidden', details: { required_scopes: ['admin'] } });
    const { body: given } = await create(bearer(admin.access_token), { name: 'for them', owner: `plain-${kind}` });
    expect((await me(withKey(given.api_key))).body).toMatchObject({ username: `plain-${kind}`, scopes: ['runs:read'] });
  });
});
