import { expect, test } from 'vitest';
import { AuthenticationError } from '../../src/index.ts';
import { describePlaces, failureOf } from './places.ts';

describePlaces('login', (place) => {
  const logins = () => place.requests.count('auth.token') + place.requests.count('auth.refresh');

  test('a token that ends in the middle of a session is refreshed once, and the request is sent again', async () => {
    const client = place.client();
    await client.tasks.list();
    expect(logins()).toBe(1);
    place.expireTokens();
    place.requests.clear();
    expect(await client.users.me()).toMatchObject({ username: 'admin', via: 'token' });
    expect(place.requests.entries.map(({ operation, status }) => [operation, status])).toEqual([
      ['users.me', 401],
      ['auth.refresh', 200],
      ['users.me', 200],
    ]);
    expect(client.stats()).toMatchObject({ logins: 1, refreshes: 1, retries: 0 });
  });

  test('calls at the same moment share one login', async () => {
    const client = place.client();
    await Promise.all(Array.from({ length: 20 }, () => client.users.me()));
    expect(logins()).toBe(1);
  });

  test('50 requests in flight whose 401s come spread over time are one login', async () => {
    const client = place.client();
    await client.users.me();
    place.expireTokens();
    place.requests.clear();
    for (let at = 0; at < 50; at += 1) place.faults.next({ operation: 'users.me', delayMs: 20 + at * 12 });
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.users.me()));
    expect(answers.every(({ username }) => username === 'admin')).toBe(true);
    expect([logins(), place.requests.count('users.me')]).toEqual([1, 100]);
  });

  test('where the refresh token counts for nothing either, the password is tried once', async () => {
    const client = place.client();
    await client.users.me();
    place.expireTokens();
    place.requests.clear();
    place.faults.next({ operation: 'auth.refresh', status: 401 });
    expect(await client.users.me()).toMatchObject({ username: 'admin' });
    expect([place.requests.count('auth.refresh'), place.requests.count('auth.token')]).toEqual([1, 1]);
  });

  test('a wrong password is tried once, however many calls there are', async () => {
    const client = place.clientOf({ username: 'admin', password: 'not the password' });
    const failures = await Promise.all(Array.from({ length: 20 }, () => failureOf(client.users.me())));
    expect(failures.every((error) => error instanceof AuthenticationError)).toBe(true);
    expect(place.requests.count('auth.token')).toBe(1);
    expect(place.requests.count('users.me')).toBe(0);
  });

  test('a login that fails for a moment is tried again', async () => {
    const client = place.client();
    place.faults.next({ operation: 'auth.token', status: 503, retryAfter: 0 });
    expect(await client.users.me()).toMatchObject({ username: 'admin' });
    expect(place.requests.count('auth.token')).toBe(2);
  });

  test('an API key needs no login', async () => {
    const { api_key } = await place.client().apiKeys.create({ name: 'conformance' });
    place.requests.clear();
    expect(await place.clientOf({ apiKey: api_key }).users.me()).toMatchObject({ via: 'api_key' });
    expect(place.requests.count()).toBe(1);
    const refused = await failureOf(place.clientOf({ apiKey: `${api_key}x` }).users.me());
    expect(refused).toBeInstanceOf(AuthenticationError);
  });

  test('no secret stands in what is logged of an error', async () => {
    const client = place.client();
    place.faults.next({ operation: 'tasks.list', status: 400, details: { authorization: 'Bearer abc', field: 'x' } });
    const text = JSON.stringify(await failureOf(client.tasks.list()));
    expect(text).toContain('"field":"x"');
    expect(text).not.toContain('abc');
    expect(text).not.toContain(place.password);
  });
});
