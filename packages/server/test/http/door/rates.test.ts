import type { ErrorBody } from '@ordinaut/contract';
import { afterAll, describe, expect, test } from 'vitest';
import { bearer, logIn, newUser, withLogin } from '../../identity/people.ts';
import { type PrivateRedis, privateRedis } from '../../support/redis.ts';
import { startServer } from '../../support/server.ts';
import { newPlace } from '../../support/stores.ts';

const redis: PrivateRedis | null = await privateRedis();
afterAll(() => redis?.stop());

async function serverWith(environment: Record<string, string>) {
  const place = await newPlace('sqlite');
  const api = await startServer(place, { environment });
  return Object.assign(api, {
    async [Symbol.asyncDispose]() {
      await api.server.stop();
      await place.remove();
    },
  });
}

const allowance = ({ headers }: { headers: Headers }) =>
  ['limit', 'remaining', 'reset'].map((name) => Number(headers.get(`x-ratelimit-${name}`)));

describe('rates', () => {
  test('every answer tells what is left, and one too many is refused as the documents say', async () => {
    await using api = await serverWith({ ORDINAUT_RATE_LIMIT: '5/1h' });
    const paths = ['/tasks', '/nowhere', '/ext/events_demo/nowhere', '/openapi.json', '/ext/webui/'];
    for (const [index, path] of paths.entries()) {
      const response = await fetch(api.url + path);
      await response.arrayBuffer();
      const [limit, remaining, reset] = allowance(response);
      expect([limit, remaining], path).toEqual([5, 4 - index]);
      expect(Math.abs((reset ?? 0) * 1000 - Date.now() - 3_600_000)).toBeLessThan(60_000);
    }
    for (const path of ['/tasks', '/ext/events_demo/nowhere']) {
      const refused = await api.call<ErrorBody>('GET', path);
      expect([refused.status, refused.body.error]).toEqual([429, 'rate_limit_exceeded']);
      expect(refused.body.details).toEqual({
        limit: 5,
        window: '3600s',
        reset_at: expect.stringMatching(/^\d{4}-.*Z$/),
      });
      expect(refused.body.message).toContain('ORDINAUT_RATE_LIMIT');
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_000);
      expect(allowance(refused).slice(0, 2)).toEqual([5, 0]);
    }
    // What orchestrators ask is counted and never refused.
    for (const path of ['/health', '/health/live', '/health/ready'])
      expect((await api.call('GET', path)).status).toBe(200);
  });

  test('each user has a rate of their own, wherever they come from; wrong credentials count on the address', async () => {
    await using api = await serverWith(withLogin({ ORDINAUT_RATE_LIMIT: '20/1h' }));
    const { access_token } = await logIn(api);
    const { tokens } = await newUser(api, access_token, { username: 'other', scopes: ['tasks:read'] });
    const other = bearer(tokens.access_token);
    const [, first] = allowance(await api.call('GET', '/tasks', undefined, other));
    const wrong = bearer('wrong');
    const statuses: number[] = [];
    for (let count = 0; count < 25; count++) statuses.push((await api.call('GET', '/tasks', undefined, wrong)).status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    expect(statuses.at(-1)).toBe(429);
    // The address has used up its rate; a user from there has not.
    const [, second] = allowance(await api.call('GET', '/tasks', undefined, other));
    expect(second).toBe((first ?? 0) - 1);
  });

  test('logging in has a stricter rate', async () => {
    await using api = await serverWith(withLogin({ ORDINAUT_AUTH_RATE_LIMIT: '2/1h' }));
    const attempt = () => api.call<ErrorBody>('POST', '/auth/token', { username: 'admin', password: 'wrong' });
    expect((await attempt()).status).toBe(401);
    expect((await api.call('POST', '/auth/refresh', { refresh_token: 'x' })).status).toBe(401);
    const refused = await attempt();
    expect([refused.status, refused.body.details.limit]).toEqual([429, 2]);
    expect(refused.body.message).toContain('ORDINAUT_AUTH_RATE_LIMIT');
    expect((await api.call('GET', '/health')).status).toBe(200);
  });

  test('off is off', async () => {
    await using api = await serverWith({ ORDINAUT_RATE_LIMIT: 'off' });
    expect((await api.call('GET', '/tasks')).headers.has('x-ratelimit-limit')).toBe(false);
  });
});

describe.skipIf(redis === null)('rates over Redis', () => {
  test('are counted by all processes together, and by each for itself while Redis is away', async () => {
    const environment = { ORDINAUT_RATE_LIMIT: '1000/1h', REDIS_URL: redis!.url };
    await using one = await serverWith(environment);
    await using other = await serverWith(environment);
    const left = async (api: typeof one) => allowance(await api.call('GET', '/tasks'))[1] ?? 0;
    const first = await left(one);
    expect(await left(other)).toBe(first - 1);
    expect(await left(one)).toBe(first - 2);
    await redis!.halt();
    // As soon as the connection is known to be lost; until then one request may have to wait for its time-out.
    expect((await one.call('GET', '/tasks')).status).toBe(200);
    const alone = [await left(one), await left(other)];
    expect(Math.max(...alone)).toBeGreaterThan(first - 2);
    await redis!.resume();
    // Each finds it again in its own time; then the answers of both are one count again.
    for (let together = false; !together; ) {
      const counts = [await left(one), await left(other), await left(one), await left(other)];
      together = counts.every((count, index) => index === 0 || count === counts[index - 1]! - 1);
    }
  });
});
