import { expect, test } from 'vitest';
import { type ClientEvent, type OrdinautError, PartialOutageError, RateLimitError } from '../../src/index.ts';
import { describePlaces, failureOf, failureWithin } from './places.ts';

/** Notes the waits before retries. */
function waits() {
  const delays: number[] = [];
  const observe = (event: ClientEvent) => {
    if (event.type === 'retry') delays.push(event.delayMs);
  };
  return { delays, observers: [{ observe }] };
}

describePlaces('what passes', (place) => {
  test('a burst of 429 is backed off from with jitter, and bounded', async () => {
    const { delays, observers } = waits();
    const client = place.client({ observers, retry: { baseMs: 8, maxMs: 20, attempts: 5 } });
    place.faults.next({ operation: 'users.me', status: 429, times: 4 });
    expect(await client.users.me()).toMatchObject({ username: 'admin' });
    expect(place.requests.count('users.me')).toBe(5);
    expect(delays.map((delay, at) => delay >= 0 && delay <= Math.min(8 * 2 ** at, 20))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    // Full jitter: of four waits no two are alike.
    expect(new Set(delays).size).toBe(4);
  });

  test('the waits are what the random numbers make of the bounds', async () => {
    const { delays, observers } = waits();
    const client = place.client({ observers, random: () => 0.5, retry: { baseMs: 8, maxMs: 20, attempts: 4 } });
    place.faults.next({ operation: 'users.me', status: 429, times: 3 });
    await client.users.me();
    expect(delays).toEqual([4, 8, 10]);
  });

  test('a 429 that does not end is an error after three attempts, with what was tried', async () => {
    const client = place.client();
    place.faults.next({ operation: 'users.me', status: 429, retryAfter: 0, times: Number.POSITIVE_INFINITY });
    const error = (await failureOf(client.users.me())) as OrdinautError;
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ status: 429, code: 'rate_limit_exceeded', retryable: true, operation: 'users.me' });
    expect(error.attempts.map(({ number, status }) => [number, status])).toEqual([
      [1, 429],
      [2, 429],
      [3, 429],
    ]);
    expect(place.requests.count('users.me')).toBe(3);
  });

  test('a dependency that is away is tried three times, and then named as a partial outage', async () => {
    const client = place.client();
    place.faults.next({
      operation: 'tasks.list',
      status: 503,
      details: { dependency: 'store' },
      times: Number.POSITIVE_INFINITY,
    });
    const error = await failureOf(client.tasks.list());
    expect(error).toBeInstanceOf(PartialOutageError);
    expect(error).toMatchObject({ status: 503, retryable: true, affected: { host: new URL(place.baseUrl).host } });
    expect(place.requests.count('tasks.list')).toBe(3);
    // The rest of the server works on.
    expect(await client.users.me()).toMatchObject({ username: 'admin' });
  });

  test('after enough failures nothing is sent for a while, and then a probe', async () => {
    const events: ClientEvent[] = [];
    const client = place.client({
      retry: { attempts: 1 },
      circuit: { failures: 3, openMs: 60 },
      observers: [{ observe: (event) => void events.push(event) }],
    });
    const fault = place.faults.next({ operation: 'tasks.list', status: 503, times: Number.POSITIVE_INFINITY });
    for (let call = 0; call < 6; call += 1) await failureOf(client.tasks.list());
    expect(place.requests.count('tasks.list')).toBe(3);
    fault.remove();
    await expect.poll(() => client.tasks.list().then(({ items }) => items.length)).toBe(0);
    const states = events.flatMap((event) => (event.type === 'circuit' ? [event.state] : []));
    expect(states).toEqual(['open', 'half_open', 'closed']);
  });

  test.each([
    ['with circuits', undefined],
    ['without circuits', false],
  ] as const)(
    '300 calls during a full outage load the server with 1.1 times as much at most, %s',
    async (_, circuit) => {
      const client = place.client(circuit === undefined ? {} : { circuit });
      await client.users.me();
      place.requests.clear();
      place.faults.next({ status: 503, times: Number.POSITIVE_INFINITY });
      const failures = await Promise.all(Array.from({ length: 300 }, () => failureOf(client.users.me())));
      expect(failures).toHaveLength(300);
      expect(place.requests.count()).toBeLessThanOrEqual(330);
      if (circuit === false) expect(place.requests.count()).toBeGreaterThanOrEqual(300);
    },
  );

  test('what succeeds fills the budget again', async () => {
    const client = place.client({ retry: { budget: 1, refill: 0.5, baseMs: 1 }, circuit: false });
    await client.users.me();
    place.faults.next({ operation: 'tasks.list', status: 500, times: 2 });
    await failureOf(client.tasks.list());
    expect(client.stats().budget.left).toBeLessThan(1);
    for (let call = 0; call < 4; call += 1) await client.users.me();
    expect(client.stats().budget.left).toBe(1);
  });

  test.each([
    ['in seconds', () => '120'],
    ['as a date', () => new Date(Date.now() + 120_500).toUTCString()],
  ])('a Retry-After %s that does not fit into the deadline fails at once, and says how long', async (_, retryAfter) => {
    const client = place.client();
    await client.users.me();
    place.requests.clear();
    place.faults.next({ operation: 'users.me', status: 503, retryAfter: retryAfter() });
    const { error, tookMs } = await failureWithin(() => client.users.me({ timeoutMs: 60_000 }));
    expect(tookMs).toBeLessThan(500);
    expect((error as OrdinautError).retryAfterMs).toBeGreaterThan(118_000);
    expect((error as OrdinautError).retryAfterMs).toBeLessThanOrEqual(121_000);
    expect(place.requests.count('users.me')).toBe(1);
  });

  test('a Retry-After that fits is waited for', async () => {
    const { delays, observers } = waits();
    const client = place.client({ observers });
    place.faults.next({ operation: 'users.me', status: 503, retryAfter: 1 });
    await client.users.me();
    expect(delays).toHaveLength(1);
    expect(delays[0]).toBeGreaterThanOrEqual(1000);
  });

  test.each(['soon', '-5', '1e3', 'Wed, 21 Oct 2015 07:28:00 GMT'])(
    'a Retry-After of "%s" is left aside, and not hot',
    async (retryAfter) => {
      const { delays, observers } = waits();
      const client = place.client({ observers, random: () => 0.5, retry: { baseMs: 8, maxMs: 20 } });
      place.faults.next({ operation: 'users.me', status: 503, retryAfter });
      await client.users.me();
      expect(delays).toEqual([4]);
    },
  );
});
