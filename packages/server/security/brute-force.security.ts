import type { ErrorBody } from '@ordinaut/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { shiftedClock } from '../test/support/shifted-clock.ts';
import { Asker } from './support/asker.ts';
import { type AttackedServer, startAttacked } from './support/attacked-server.ts';
import { type Answered, faultsOf } from './support/error-answer.ts';
import { PASSWORD } from './support/password.ts';
import { Tally } from './support/tally.ts';

const ATTEMPTS = 1000;
/** Attempts of each kind that are timed. */
const TIMED = 25;
const ROUNDS = 3;
const HOUR_MS = 3_600_000;
const LONGEST_WAIT = 900;

const tally = new Tally();
const clock = shiftedClock();
let attacked: AttackedServer;
let asker: Asker;

beforeAll(async () => {
  attacked = await startAttacked({ ORDINAUT_AUTH: 'required', ORDINAUT_TRUST_PROXY: 'loopback' }, { clock });
  asker = new Asker(attacked.url);
  const { access_token } = JSON.parse((await logIn('admin', PASSWORD, '192.0.2.1')).text);
  const admin = { authorization: `Bearer ${access_token}` };
  for (const username of ['alice', 'bob', 'carol', 'dave'])
    expect((await post('/users', { username, password: PASSWORD }, admin)).status).toBe(201);
  expect((await send('PATCH', '/users/dave', { disabled: true }, admin)).status).toBe(200);
  const { id } = JSON.parse((await post('/agents', { name: 'robot' }, admin)).text);
  expect((await post(`/agents/${id}/credentials`, {}, admin)).status).toBe(201);
});
afterAll(async () => {
  await asker?.[Symbol.asyncDispose]();
  await attacked?.[Symbol.asyncDispose]();
  process.stdout.write(`Brute force: ${tally.line()}\n`);
});

const send = (method: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
  asker.ask(path, { method, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
const post = (path: string, body: unknown, headers?: Record<string, string>) => send('POST', path, body, headers);

async function logIn(username: string, password: string, address: string, path = '/auth/token'): Promise<Answered> {
  const named = path === '/agents/auth/token' ? { agent_id: username, agent_secret: password } : { username, password };
  const answer = await post(path, named, { 'x-forwarded-for': address });
  tally.count(path, answer.status);
  return answer;
}

const retryAfter = ({ headers }: Answered): number => Number(headers['retry-after']);
const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
async function timed<Result>(work: () => Promise<Result>): Promise<{ ms: number; result: Result }> {
  const begun = performance.now();
  const result = await work();
  return { ms: performance.now() - begun, result };
}

describe('guesses at one name from one address', () => {
  const guesser = '203.0.113.1';
  const times = { looked: [] as number[], refused: [] as number[] };
  const guess = async (n: number) => {
    const { ms, result } = await timed(() => logIn('alice', `wrong password ${n}`, guesser));
    expect([401, 429]).toContain(result.status);
    expect(faultsOf(result)).toEqual([]);
    times[result.status === 401 ? 'looked' : 'refused'].push(ms);
    return result;
  };

  test(`of ${ATTEMPTS} that do not wait, four are looked at`, async () => {
    for (let n = 0; n < ATTEMPTS; n++) await guess(n);
    // Three for nothing; the fourth begins the first wait, and a second has passed long before the others are through.
    const seconds = Math.ceil(times.refused.length / 100);
    expect(times.looked.length).toBeLessThan(4 + Math.log2(seconds) + 4);
    expect(times.refused.length).toBeGreaterThan(ATTEMPTS - 20);
    // Hashing takes 85 ms of a machine that has nothing else to do, and was not done for these.
    expect(median(times.refused)).toBeLessThan(median(times.looked) / 2);
  });

  test('those that wait as they are told wait longer and longer, up to a quarter of an hour', async () => {
    const waits: number[] = [];
    for (let n = 0; n < 16; n++) {
      const refused = await guess(n);
      expect(refused.status).toBe(429);
      expect(JSON.parse(refused.text)).toMatchObject({
        error: 'rate_limit_exceeded',
        details: { limit: 3, window: '3600s', reset_at: expect.stringMatching(/Z$/) },
      });
      waits.push(retryAfter(refused));
      clock.shift((retryAfter(refused) + 1) * 1000);
      expect((await guess(n)).status).toBe(401);
    }
    // Whatever was left of the first; each of the others is twice as long as the one before.
    for (const [n, wait] of waits.entries()) if (n > 1) expect(wait).toBe(Math.min(2 * waits[n - 1]!, LONGEST_WAIT));
    expect(waits.at(-1)).toBe(LONGEST_WAIT);
    process.stdout.write(
      `Brute force: waits of ${waits.join(', ')} s; ${times.looked.length} of ${times.looked.length + times.refused.length} guesses looked at\n`,
    );
  });

  test('the right password does not help there, and does elsewhere', async () => {
    expect((await logIn('alice', PASSWORD, guesser)).status).toBe(429);
    // The name alone is slowed by half a minute at most, however long the guesser has to wait.
    const elsewhere = await logIn('alice', PASSWORD, '198.51.100.7');
    if (elsewhere.status !== 200) {
      expect(elsewhere.status).toBe(429);
      expect(retryAfter(elsewhere)).toBeLessThanOrEqual(30);
      clock.shift(31_000);
    }
    expect((await logIn('alice', PASSWORD, '198.51.100.7')).status).toBe(200);
    expect((await logIn('alice', PASSWORD, guesser)).status).toBe(429);
    // Where the name has logged in before it is not kept out by others at all.
    for (let n = 0; n < 25; n++) {
      await logIn('alice', 'wrong', `203.0.113.${100 + n}`);
      clock.shift(1);
    }
    expect((await logIn('alice', PASSWORD, '198.51.100.7')).status).toBe(200);
  });
});

test('guesses side by side get no further than one after another', async () => {
  const guesses = Array.from({ length: 40 }, (_, n) => logIn('bob', `wrong password ${n}`, '203.0.113.50'));
  const statuses = (await Promise.all(guesses)).map(({ status }) => status);
  const looked = statuses.filter((status) => status === 401).length;
  process.stdout.write(`Brute force: ${looked} of 40 guesses side by side looked at\n`);
  expect(looked).toBeLessThanOrEqual(5);
});

test('guesses at many names from one address are slowed too, and one network of IPv6 is one address', async () => {
  const statuses: number[] = [];
  for (let n = 0; n < 40; n++) statuses.push((await logIn(`nobody${n}`, 'wrong', `2001:db8:5:6::${n + 1}`)).status);
  expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(25);
  expect(statuses.at(-1)).toBe(429);
  expect((await logIn('carol', PASSWORD, '2001:db8:5:7::1')).status).toBe(200);
});

test('guesses at a name from everywhere are slowed by the name', async () => {
  const statuses: number[] = [];
  for (let n = 0; n < 30; n++) statuses.push((await logIn('nobody-at-all', 'wrong', `198.18.0.${n}`)).status);
  expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(25);
  expect(statuses.at(-1)).toBe(429);
});

test.each([
  ['/auth/token', 'carol', 'nobody'],
  ['/auth/session', 'carol', 'nobody'],
  ['/auth/token', 'dave', 'nobody'],
  ['/agents/auth/token', 'robot', 'nobody'],
])('at %s %s, who is there, and %s, who is not, are told apart by nothing', async (path, there, nobody) => {
  const said = new Set<string>();
  /** How much longer it takes for who is there. What others do on this machine comes and goes; what tells names apart stays. */
  const ratioOf = async (round: number): Promise<number> => {
    const times = { there: [] as number[], nobody: [] as number[] };
    for (let n = 0; n < TIMED * 2; n++) {
      const [kind, name] = n % 2 === 0 ? (['there', there] as const) : (['nobody', nobody] as const);
      // From new addresses, an hour later each time: nobody has to wait.
      clock.shift(HOUR_MS);
      // A disabled user has the right password; everybody else a wrong one.
      const password = name === 'dave' ? PASSWORD : 'wrong password';
      const { ms, result } = await timed(() => logIn(name, password, `198.19.${n}.${round}`, path));
      expect(result.status).toBe(401);
      times[kind].push(ms);
      said.add(inWords(result));
    }
    const [known, unknown] = [median(times.there), median(times.nobody)];
    process.stdout.write(
      `Brute force: ${path}: ${known.toFixed(1)} ms for ${there}, ${unknown.toFixed(1)} ms for ${nobody}\n`,
    );
    return known / unknown;
  };
  let ratio = await ratioOf(0);
  for (let round = 1; round < ROUNDS && !isAlike(ratio); round++) ratio = await ratioOf(round);
  expect(isAlike(ratio), `${ratio}`).toBe(true);
  expect([...said]).toHaveLength(1);
});

const isAlike = (ratio: number): boolean => ratio > 0.7 && ratio < 1.4;

/** All of an answer that is not different each time. */
function inWords({ headers, text }: Answered): string {
  const { request_id: _id, timestamp: _at, ...body } = JSON.parse(text) as ErrorBody;
  const { date: _date, 'x-request-id': _request, ...others } = headers;
  return JSON.stringify([others, body]);
}

test('guesses at the present password, by somebody who has a session, are slowed as well', async () => {
  const { access_token } = JSON.parse((await logIn('carol', PASSWORD, '198.51.100.30')).text);
  const headers = { authorization: `Bearer ${access_token}`, 'x-forwarded-for': '198.51.100.30' };
  const change = (n: number) =>
    post('/users/me/password', { current_password: `wrong ${n}`, new_password: 'a new password of mine' }, headers);
  const statuses: number[] = [];
  for (let n = 0; n < 20; n++) statuses.push((await change(n)).status);
  expect(statuses.filter((status) => status === 400).length).toBeLessThanOrEqual(8);
  expect(statuses.at(-1)).toBe(429);
});

describe('the rates', () => {
  test('of logins: 429 with what is allowed and when again, over all ways to log in together', async () => {
    await using limited = await startAttacked({
      ORDINAUT_AUTH: 'required',
      ORDINAUT_TRUST_PROXY: 'loopback',
      ORDINAUT_AUTH_RATE_LIMIT: '30/60s',
    });
    await using client = new Asker(limited.url);
    const ways = [
      '/auth/refresh',
      '/api/v1/auth/refresh',
      '/agents/auth/refresh',
      '/auth/revoke',
      '/auth/token',
      '/auth/session',
    ];
    const ask = (path: string, address: string) =>
      client.ask(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
        body: JSON.stringify(path.includes('re') ? { refresh_token: 'none' } : {}),
      });
    for (let n = 0; n < 30; n++) {
      const answer = await ask(ways[n % ways.length]!, '203.0.113.77');
      tally.count('rates', answer.status);
      expect(answer.status, ways[n % ways.length]).not.toBe(429);
      expect(answer.headers).toMatchObject({ 'x-ratelimit-limit': '30', 'x-ratelimit-remaining': String(29 - n) });
    }
    for (const path of ways) {
      const refused = await ask(path, '203.0.113.77');
      tally.count('rates', refused.status);
      expect([refused.status, ...faultsOf(refused)], path).toEqual([429]);
      const body = JSON.parse(refused.text) as ErrorBody;
      expect(body.error).toBe('rate_limit_exceeded');
      expect(body.details).toEqual({ limit: 30, window: '60s', reset_at: expect.any(String) });
      const inSeconds = (Date.parse(String(body.details.reset_at)) - Date.now()) / 1000;
      expect(inSeconds).toBeGreaterThan(0);
      expect(inSeconds).toBeLessThanOrEqual(60);
      expect(Math.abs(retryAfter(refused) - inSeconds)).toBeLessThanOrEqual(2);
    }
    expect((await ask('/auth/refresh', '203.0.113.78')).status).toBe(401);
  });

  test('of everything else: wrong keys and tokens count for the address, and are not looked up any more', async () => {
    await using limited = await startAttacked({ ORDINAUT_AUTH: 'required', ORDINAUT_RATE_LIMIT: '50/1h' });
    await using client = new Asker(limited.url);
    const statuses = new Map<number, number>();
    for (let n = 0; n < 200; n++) {
      const headers: Record<string, string> =
        n % 2 === 0 ? { 'x-api-key': `ordk_${n}` } : { authorization: `Bearer a.b.${n}` };
      const { status } = await client.ask('/tasks', { headers });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      tally.count('credentials', status);
    }
    expect(statuses).toEqual(
      new Map([
        [401, 50],
        [429, 150],
      ]),
    );
  });
});
