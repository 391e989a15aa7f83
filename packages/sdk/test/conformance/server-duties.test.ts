import { afterEach, beforeEach, expect, test } from 'vitest';
import { bearer, logIn, withLogin } from '../../../server/test/identity/people.ts';
import { startServer } from '../../../server/test/support/server.ts';
import { newPlace, type TestPlace } from '../../../server/test/support/stores.ts';

/** What the client takes for granted of the real server, and no test server can stand for. */
let place: TestPlace;
let api: Awaited<ReturnType<typeof startServer>>;
beforeEach(async () => {
  place = await newPlace('sqlite');
});
afterEach(async () => {
  await api.server.stop();
  await place.remove();
});

const open = async (environment: Record<string, string> = {}) => {
  api = await startServer(place, { environment: withLogin(environment) });
  return (await logIn(api)).access_token;
};

test('a login tells the time of the server and how long its tokens count', async () => {
  await open();
  const before = Date.now();
  const { server_time, expires_in, refresh_expires_in } = await logIn(api);
  expect(Date.parse(server_time)).toBeGreaterThanOrEqual(before - 1);
  expect(Date.parse(server_time)).toBeLessThanOrEqual(Date.now());
  expect([expires_in, refresh_expires_in]).toEqual([3600, 30 * 86_400]);
});

test('idle connections are kept for longer than clients keep them, and it is said how long', async () => {
  const token = await open();
  const { headers } = await api.call('GET', '/users/me', undefined, bearer(token));
  const [, seconds = '0'] = /timeout=(\d+)/.exec(headers.get('keep-alive') ?? '') ?? [];
  expect(headers.get('connection')).toBe('keep-alive');
  expect(Number(seconds)).toBeGreaterThan(60);
});

test('every 429 says when to come back, and what the rate is', async () => {
  const token = await open({ ORDINAUT_RATE_LIMIT: '2/60s' });
  const ask = () => api.call<{ error: string }>('GET', '/users/me', undefined, bearer(token));
  await ask();
  await ask();
  const { status, headers } = await ask();
  expect(status).toBe(429);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect([headers.get('x-ratelimit-limit'), headers.get('x-ratelimit-remaining')]).toEqual(['2', '0']);
});

test('too many wrong passwords are a 429 that says when to come back', async () => {
  await open();
  const guess = () => api.call('POST', '/auth/token', { username: 'admin', password: 'wrong' });
  let last = await guess();
  for (let count = 0; count < 8 && last.status !== 429; count += 1) last = await guess();
  expect(last.status).toBe(429);
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
});

test('too many requests at once are a 503 that says when to come back', async () => {
  const token = await open({ ORDINAUT_MAX_REQUESTS: '1' });
  const answers = await Promise.all(
    Array.from({ length: 40 }, () => api.call('GET', '/tasks', undefined, bearer(token))),
  );
  const refused = answers.filter(({ status }) => status === 503);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.every(({ headers }) => Number(headers.get('retry-after')) > 0)).toBe(true);
});

test('a stream has ids that rise, and begins with a gap where the id is not kept', async () => {
  const token = await open();
  for (const topic of ['a.one', 'a.two']) await api.call('POST', '/events', { topic }, bearer(token));
  const read = async (lastEventId: string, enough: number) => {
    const left = new AbortController();
    const response = await fetch(`${api.url}/events/stream?topic=a.*`, {
      headers: { ...bearer(token), 'last-event-id': lastEventId },
      signal: left.signal,
    });
    let text = '';
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      text += piece;
      if (text.split(/^data:/m).length > enough) break;
    }
    left.abort();
    return text;
  };
  const all = await read('0-0', 2);
  const ids = [...all.matchAll(/^id: (\d+)-(\d+)$/gm)].map(([, ms, seq]) => Number(ms) * 1e6 + Number(seq));
  expect(ids).toHaveLength(2);
  expect(ids[1]).toBeGreaterThan(ids[0]!);
  expect(await read('1-0', 3)).toMatch(
    /^event: gap\ndata: \{"after":"1-0","oldest":"\d+-\d+"\}\n\nevent: event\nid: /m,
  );
});
