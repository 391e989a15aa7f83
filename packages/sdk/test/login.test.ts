import { expect, test } from 'vitest';
import { AuthenticationError, OrdinautClient } from '../src/index.ts';
import { mode, TokenDoor } from './support/answers.ts';
import { startProbe } from './support/probe-server.ts';
import { ShiftedClock } from './support/shifted-clock.ts';

const password = { username: 'ada', password: 'correct horse battery' };

test('a revoked token with 50 requests in flight, refused over 3 seconds, is one login', async () => {
  const door = new TokenDoor();
  const held: (() => void)[] = [];
  await using server = await startProbe((probe) => {
    if (door.answer(probe)) return;
    if (door.knows(probe)) return probe.json(200, mode);
    held.push(() => probe.fail(401, 'unauthorized'));
    if (held.length === 50) held.forEach((refuse, index) => void setTimeout(refuse, index * 60));
  });
  const client = new OrdinautClient({ baseUrl: server.url, ...password });
  await client.system.mode();
  door.revokeAll();
  const answers = await Promise.all(Array.from({ length: 50 }, () => client.system.mode()));
  expect(answers).toHaveLength(50);
  // The refresh token of the session that has ended is tried once, too.
  expect([door.logins, door.refreshes]).toEqual([2, 1]);
  expect(client.stats()).toMatchObject({ logins: 2, retries: 0 });
  // The first, 50 that were refused, 50 that were sent again.
  expect(server.requests.filter(({ path }) => path === '/system/mode')).toHaveLength(101);
});

test('50 first calls at the same moment are one login', async () => {
  const door = new TokenDoor();
  await using server = await startProbe((probe) => door.answer(probe) || probe.json(200, mode));
  const client = new OrdinautClient({ baseUrl: server.url, ...password });
  await Promise.all(Array.from({ length: 50 }, () => client.system.mode()));
  expect(door.logins).toBe(1);
});

test('a token that ends in mid-session is refreshed once, and the request sent again', async () => {
  const door = new TokenDoor();
  await using server = await startProbe((probe) => {
    if (door.answer(probe)) return;
    if (door.knows(probe)) probe.json(200, mode);
    else probe.fail(401, 'unauthorized');
  });
  const client = new OrdinautClient({ baseUrl: server.url, ...password });
  await client.system.mode();
  door.expireAll();
  const { attempts } = await client.system.mode().withResponse();
  expect(attempts.map(({ status }) => status)).toEqual([401, 200]);
  expect([door.logins, door.refreshes]).toEqual([1, 1]);
});

test('what may not be repeated is still sent again after a 401, since it was not begun', async () => {
  const door = new TokenDoor();
  await using server = await startProbe((probe) => {
    if (door.answer(probe)) return;
    if (door.knows(probe)) probe.json(201, { agent_id: mode.server_time, agent_secret: 'x', message: '' });
    else probe.fail(401, 'unauthorized');
  });
  const client = new OrdinautClient({ baseUrl: server.url, ...password, validation: { responses: 'off' } });
  await client.agents.createCredentials('01a215be-1ebd-72a9-8da7-9c88c49b7842');
  door.revokeAll();
  const { attempts } = await client.agents.createCredentials('01a215be-1ebd-72a9-8da7-9c88c49b7842').withResponse();
  expect(attempts.map(({ status }) => status)).toEqual([401, 201]);
});

test('a token is replaced before its end while requests go on, and by the time of the server', async () => {
  const door = new TokenDoor({ expiresIn: 600 });
  await using server = await startProbe((probe) => door.answer(probe) || probe.json(200, mode));
  const clock = new ShiftedClock();
  const client = new OrdinautClient({ baseUrl: server.url, ...password, clock });
  await client.system.mode();
  // A clock on the wall that is a day wrong ends no token.
  clock.setWrong(86_400_000);
  await client.system.mode();
  clock.setWrong(-2 * 86_400_000);
  await client.system.mode();
  expect([door.logins, door.refreshes]).toEqual([1, 0]);
  clock.pass(599_000 - 60_000 + 58_000);
  const refreshed = server.arrived(6);
  await client.system.mode();
  await refreshed;
  expect([door.logins, door.refreshes]).toEqual([1, 1]);
});

test('a token that has ended is not sent', async () => {
  const door = new TokenDoor({ expiresIn: 600 });
  await using server = await startProbe((probe) => door.answer(probe) || probe.json(200, mode));
  const clock = new ShiftedClock();
  const client = new OrdinautClient({ baseUrl: server.url, ...password, clock });
  await client.system.mode();
  clock.pass(601_000);
  await client.system.mode();
  expect(server.requests.at(-1)?.headers.authorization).toBe('Bearer token-2');
});

test('a replacement that fails ahead of time disturbs nobody', async () => {
  const door = new TokenDoor({ expiresIn: 600 });
  await using server = await startProbe((probe) => {
    if (probe.path === '/auth/refresh') return probe.response.destroy();
    if (probe.path === '/auth/token' && door.logins > 0) return probe.fail(401, 'unauthorized');
    return door.answer(probe) || probe.json(200, mode);
  });
  const clock = new ShiftedClock();
  const client = new OrdinautClient({ baseUrl: server.url, ...password, clock });
  await client.system.mode();
  clock.pass(598_000);
  await client.system.mode();
  await server.arrived(5);
  await client.system.mode();
  expect(server.requests.filter(({ path }) => path === '/system/mode')).toHaveLength(3);
});

test('a wrong password is tried once, not once for every request', async () => {
  await using server = await startProbe((probe) => probe.fail(401, 'unauthorized'));
  const clock = new ShiftedClock();
  const client = new OrdinautClient({ baseUrl: server.url, ...password, clock });
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => client.system.mode()));
  expect(results.every(({ status }) => status === 'rejected')).toBe(true);
  await expect(client.system.mode()).rejects.toThrow(AuthenticationError);
  expect(server.requests).toHaveLength(1);
  clock.pass(31_000);
  await expect(client.system.mode()).rejects.toThrow('It is unauthorized.');
  expect(server.requests).toHaveLength(2);
});

test('a login that finds the server busy is tried again within the deadline of the call', async () => {
  const door = new TokenDoor();
  let refusals = 1;
  await using server = await startProbe((probe) => {
    if (probe.path === '/auth/token' && refusals-- > 0) return probe.fail(503, 'unavailable', { 'retry-after': '0' });
    return door.answer(probe) || probe.json(200, mode);
  });
  const client = new OrdinautClient({ baseUrl: server.url, ...password });
  await client.system.mode();
  expect(server.requests.map(({ path }) => path)).toEqual(['/auth/token', '/auth/token', '/system/mode']);
});

test('operations that everybody may call need no login', async () => {
  const door = new TokenDoor();
  await using server = await startProbe((probe) => door.answer(probe) || probe.json(200, mode));
  const client = new OrdinautClient({ baseUrl: server.url, ...password, validation: { responses: 'off' } });
  await client.system.live();
  expect(door.logins).toBe(0);
  expect(server.requests[0]?.headers.authorization).toBeUndefined();
});

test('an agent logs in by its own door, and an API key needs none', async () => {
  const door = new TokenDoor();
  await using server = await startProbe((probe) => {
    if (probe.path === '/agents/auth/token') {
      expect(JSON.parse(probe.body)).toEqual({ agent_id: 'bot', agent_secret: 's3cret', scopes: ['tasks:read'] });
      return probe.json(200, { access_token: 'agent-token', expires_in: 60 });
    }
    return door.answer(probe) || probe.json(200, mode);
  });
  const agent = new OrdinautClient({
    baseUrl: server.url,
    agentId: 'bot',
    agentSecret: 's3cret',
    scopes: ['tasks:read'],
  });
  await agent.system.mode();
  expect(server.requests.at(-1)?.headers.authorization).toBe('Bearer agent-token');
  const keyed = new OrdinautClient({ baseUrl: server.url, apiKey: 'ordk_abc' });
  await keyed.system.mode();
  expect(server.requests.at(-1)?.headers).toMatchObject({ 'x-api-key': 'ordk_abc' });
});

test('a provider of tokens hears once of each that is refused, however many calls carried it', async () => {
  const valid = new Set(['one']);
  await using server = await startProbe((probe) =>
    valid.has(String(probe.headers.authorization).slice(7)) ? probe.json(200, mode) : probe.fail(401, 'unauthorized'),
  );
  let token = 'one';
  const refused: string[] = [];
  const client = new OrdinautClient({
    baseUrl: server.url,
    token: async () => token,
    onUnauthorized: async (which) => {
      refused.push(which);
      token = 'two';
      valid.add(token);
      return true;
    },
  });
  await client.system.mode();
  valid.clear();
  await Promise.all(Array.from({ length: 20 }, () => client.system.mode()));
  expect(refused).toEqual(['one']);
});

test('a provider of tokens that had no other is asked again after some seconds', async () => {
  const valid = new Set<string>();
  await using server = await startProbe((probe) =>
    valid.has(String(probe.headers.authorization).slice(7)) ? probe.json(200, mode) : probe.fail(401, 'unauthorized'),
  );
  const clock = new ShiftedClock();
  let token = 'one';
  let next: string | undefined;
  let told = 0;
  const client = new OrdinautClient({
    baseUrl: server.url,
    clock,
    token: () => token,
    onUnauthorized: () => {
      told += 1;
      token = next ?? token;
      return next !== undefined;
    },
  });
  for (let call = 0; call < 3; call += 1) await expect(client.system.mode()).rejects.toMatchObject({ status: 401 });
  expect(told).toBe(1);
  next = 'two';
  valid.add(next);
  clock.pass(5_000);
  await client.system.mode();
  expect(told).toBe(2);
});

test('a provider of tokens that fails fails the call, and is counted', async () => {
  await using server = await startProbe((probe) => probe.json(200, mode));
  const client = new OrdinautClient({
    baseUrl: server.url,
    token: () => Promise.reject(new Error('The file is gone.')),
  });
  await expect(client.system.mode()).rejects.toThrow('The file is gone.');
  expect(client.stats().operations['system.mode']).toMatchObject({ calls: 1, errors: 1 });
  expect(server.requests).toHaveLength(0);
});

test('a fixed token that is refused is the end of the call', async () => {
  await using server = await startProbe((probe) =>
    probe.fail(401, 'unauthorized', {}, { required_scopes: ['tasks:read'] }),
  );
  const client = new OrdinautClient({ baseUrl: server.url, token: 'given' });
  const error = await client.tasks.list().then(undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(AuthenticationError);
  expect(error).toMatchObject({ status: 401, code: 'unauthorized', details: { required_scopes: ['tasks:read'] } });
  expect(server.requests).toHaveLength(1);
});
