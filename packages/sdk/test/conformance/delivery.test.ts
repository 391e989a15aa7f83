import { expect, test } from 'vitest';
import { listen } from '../../../server/test/support/server.ts';
import {
  ConflictError,
  ConnectionError,
  type OrdinautError,
  ServerError,
  type TaskInput,
  TimeoutError,
  UnexpectedAnswerError,
} from '../../src/index.ts';
import { describePlaces, failureOf, failureWithin } from './places.ts';

const input: TaskInput = {
  title: 'delivery',
  schedule_kind: 'once',
  schedule_expr: '2099-01-01T00:00:00Z',
  payload: { pipeline: [] },
};
const always = { times: Number.POSITIVE_INFINITY };

describePlaces('delivery', (place) => {
  const published = async (topic: string): Promise<number> => {
    const { items } = await place.client().events.recent({ count: 1000 });
    return items.filter((event) => event.topic === topic).length;
  };

  test('a POST whose answer is lost to a 500 is sent again with its key, and happens once', async () => {
    const client = place.client();
    place.faults.next({ operation: 'events.publish', status: 500, processed: true });
    const topic = 'delivery.answer-lost';
    const answer = await client.events.publish({ topic }).withResponse();
    expect(answer.response.headers.get('idempotency-replayed')).toBe('true');
    const keys = place.requests.of('events.publish').map(({ headers }) => headers['idempotency-key']);
    expect(keys).toEqual([expect.stringMatching(/.{16,}/), keys[0]]);
    expect(await published(topic)).toBe(1);
  });

  test('the same after a reset in the middle', async () => {
    const client = place.client();
    place.faults.next({ operation: 'events.publish', reset: true, processed: true });
    const topic = 'delivery.reset';
    await client.events.publish({ topic });
    expect(place.requests.count('events.publish')).toBe(2);
    expect(await published(topic)).toBe(1);
  });

  test('a POST that has no key is not sent again', async () => {
    const client = place.client();
    place.faults.next({ operation: 'users.create', status: 500, processed: true });
    const error = (await failureOf(client.users.create({ username: `single${Math.random()}` }))) as OrdinautError;
    expect(error).toBeInstanceOf(ServerError);
    expect(error).toMatchObject({ idempotencyKey: null, status: 500 });
    expect(place.requests.of('users.create').map(({ headers }) => headers['idempotency-key'])).toEqual([undefined]);
    expect(place.requests.count('users.create')).toBe(1);
  });

  test('a key of the caller is kept, and another request with it is a conflict', async () => {
    const client = place.client();
    const idempotencyKey = `own-${Math.random()}`;
    const one = await client.tasks.create(input, { idempotencyKey });
    expect(await client.tasks.create(input, { idempotencyKey })).toEqual(one);
    const error = (await failureOf(client.tasks.create({ ...input, title: 'x' }, { idempotencyKey }))) as OrdinautError;
    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toMatchObject({ idempotencyKey, status: 409, retryable: false });
  });

  test('an error of a keyed call gives the key, with which it can be finished later', async () => {
    const client = place.client();
    const topic = 'delivery.later';
    place.faults.next({ operation: 'events.publish', reset: true, processed: true, times: 3 });
    const error = (await failureOf(client.events.publish({ topic }))) as OrdinautError;
    expect(error).toBeInstanceOf(ConnectionError);
    await client.events.publish({ topic }, { idempotencyKey: error.idempotencyKey! });
    expect(await published(topic)).toBe(1);
  });

  test('a call that is given up and still being done is waited for, and done once', async () => {
    const client = place.client();
    await client.users.me();
    const statuses = () => place.requests.of('tools.call').map(({ status }) => status);
    let asked = 0;
    const slow = await listen((_request, response) => {
      asked += 1;
      // Not before the call was given up and sent again.
      void expect
        .poll(() => statuses().includes(409), { timeout: 10_000 })
        .toBe(true)
        .then(() => response.end('{}'));
    });
    const input = { input: { url: slow.url } };
    const answer = await client.tools
      .call('http.request', input, { attemptTimeoutMs: 300, maxAttempts: 8 })
      .withResponse();
    await slow.close();
    expect(answer.data).toMatchObject({ success: true, output: { status: 200 } });
    expect(statuses()).toContain(409);
    expect(answer.response.headers.get('idempotency-replayed')).toBe('true');
    expect(asked).toBe(1);
  });

  test('a body that stalls ends with the deadline', async () => {
    const client = place.client();
    await client.users.me();
    place.faults.next({ operation: 'users.me', stallBody: true, ...always });
    const { error, tookMs } = await failureWithin(() => client.users.me({ timeoutMs: 150 }));
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ of: 'call' });
    expect(tookMs).toBeGreaterThanOrEqual(145);
    expect(tookMs).toBeLessThan(400);
  });

  test('a body that stalls is one failed attempt, and the next may be better', async () => {
    const client = place.client();
    await client.users.me();
    place.faults.next({ operation: 'users.me', stallBody: true });
    expect(await client.users.me({ attemptTimeoutMs: 60 })).toMatchObject({ username: 'admin' });
  });

  test('a server that says nothing ends with the deadline, also at the login', async () => {
    for (const operation of ['auth.token', 'users.me'] as const) {
      place.faults.next({ operation, hang: true, ...always });
      const { error, tookMs } = await failureWithin(() => place.client().users.me({ timeoutMs: 120 }));
      expect(error).toBeInstanceOf(TimeoutError);
      expect(tookMs).toBeLessThan(400);
      place.faults.clear();
    }
  });

  test('a reset is tried again where that is safe, and is a ConnectionError in the end', async () => {
    const client = place.client();
    await client.users.me();
    place.requests.clear();
    place.faults.next({ operation: 'users.me', reset: true });
    expect(await client.users.me()).toMatchObject({ username: 'admin' });
    place.faults.next({ operation: 'users.me', reset: true, ...always });
    expect(await failureOf(client.users.me())).toBeInstanceOf(ConnectionError);
    expect(place.requests.count('users.me')).toBe(5);
  });

  test('an answer that is no JSON is not taken for one', async () => {
    const client = place.client();
    place.faults.next({ operation: 'users.me', malformedJson: true, ...always });
    expect(await failureOf(client.users.me())).toBeInstanceOf(UnexpectedAnswerError);
  });

  test('300 calls at the same moment take 50 sockets at most', async () => {
    const client = place.client();
    await client.users.me();
    const { served } = place;
    // Those of the tests before.
    served?.dropConnections();
    await expect.poll(() => served?.connections.open ?? 0).toBe(0);
    const before = served?.connections.total ?? 0;
    await Promise.all(Array.from({ length: 300 }, () => client.users.me()));
    expect(place.requests.count('users.me')).toBe(301);
    expect((served?.connections.total ?? 0) - before).toBeLessThanOrEqual(50);
  });

  test('30 calls one after another take one socket', async () => {
    const before = place.served?.connections.total ?? 0;
    const client = place.client();
    for (let call = 0; call < 30; call += 1) await client.users.me();
    expect((place.served?.connections.total ?? 0) - before).toBeLessThanOrEqual(2);
  });
});
