import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { isOrdinautError, OrdinautClient } from '../../src/index.ts';
import { createTestServer, ManualClock } from '../../src/testing/index.ts';

const MINUTE_MS = 60_000;
const HOURS = 24;
const TIMEOUT_MS = 60_000;

/** Random numbers that are the same each time (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test('a day in the life of a client: nothing is lost, left over or unhandled', { timeout: 60_000 }, async () => {
  const clock = new ManualClock();
  const random = randomOf(7);
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown) => void unhandled.push(reason);
  process.on('unhandledRejection', onUnhandled);
  const server = createTestServer({ clock, rateLimit: null, authRateLimit: null, keepEvents: 100_000 });
  const { faults } = server;
  const client = new OrdinautClient({
    baseUrl: 'http://127.0.0.1',
    username: 'admin',
    password: 'admin password',
    fetch: server.fetch,
    clock,
    random,
    observers: [{ observe: () => undefined }],
  });
  // One signal for the whole life: what each call adds to it has to go with the call.
  const life = new AbortController();
  const { signal } = life;
  const heard: number[] = [];
  const gaps: unknown[] = [];
  const subscribed = (async () => {
    for await (const item of client.events.subscribe('day.*', { signal })) {
      if (item.type === 'gap') gaps.push(item);
      else heard.push(item.event.data as number);
    }
  })();

  const task = server.seed.task();
  const overdue: string[] = [];
  const unknown: unknown[] = [];
  const accepted: number[] = [];
  let calls = 0;
  let failures = 0;
  /** A call that has to be over within its time, whatever comes of it. */
  async function call(name: string, begin: () => PromiseLike<unknown>): Promise<boolean> {
    const begun = clock.monotonic();
    calls += 1;
    try {
      await begin();
      return true;
    } catch (error) {
      failures += 1;
      if (!isOrdinautError(error)) unknown.push(error);
      return false;
    } finally {
      const took = clock.monotonic() - begun;
      if (took > TIMEOUT_MS) overdue.push(`${name} took ${took} ms`);
    }
  }
  const options = { signal, timeoutMs: TIMEOUT_MS };

  let until = 0;
  let outage = faults.next({ status: 503, times: 0 });
  /** What may go wrong in a minute. */
  function misfortune(minute: number): void {
    if (minute >= until) outage.remove();
    const dice = random();
    if (minute % 53 === 7) {
      // A restart: for some minutes nobody answers, and streams are gone.
      until = minute + 1 + Math.floor(random() * 3);
      outage = faults.next({
        ...(dice < 0.5 ? { reset: true } : { status: 503, retryAfter: 5 }),
        times: Number.POSITIVE_INFINITY,
      });
      server.cutStreams('reset');
    } else if (minute % 41 === 3) server.cutStreams(dice < 0.5 ? 'close' : 'silence');
    else if (minute % 37 === 5) server.expireTokens();
    else if (minute % 331 === 9) server.endSessions();
    else if (dice < 0.05) faults.next({ method: 'GET', stallBody: true });
    else if (dice < 0.1) faults.next({ method: 'POST', reset: true, processed: true });
    else if (dice < 0.15) faults.next({ status: 429, retryAfter: 3, times: 2 });
    else if (dice < 0.2) faults.next({ operation: 'events.stream', cut: { afterEvents: 1, by: 'reset' } });
  }

  // What is loaded at its first use is there before time runs.
  await client.users.me(options);
  await expect.poll(() => server.requests.count('events.stream')).toBe(1);
  for (let minute = 0; minute < HOURS * 60; minute += 1) {
    misfortune(minute);
    const inThisMinute = Promise.all([
      call('events.publish', () => client.events.publish({ topic: 'day.minute', payload: minute }, options)).then(
        (isDone) => isDone && accepted.push(minute),
      ),
      call('tasks.list', () => client.tasks.list({ limit: 1 }, options)),
      call('users.me', () => client.poll((low) => client.users.me({ ...options, ...low }), { key: 'me' })),
      ...(minute % 10 === 0
        ? [
            call('runs.wait', async () => {
              const { details } = await client.tasks.runNow(task.id, {}, { signal, timeoutMs: TIMEOUT_MS / 2 });
              await client.runs.wait(String(details.run_id), { signal, deadline: TIMEOUT_MS / 2 });
            }),
          ]
        : []),
    ]);
    await clock.advance(MINUTE_MS);
    await clock.until(inThisMinute, MINUTE_MS);
    if (minute % 60 === 0) expect(getEventListeners(signal, 'abort').length).toBeLessThanOrEqual(2);
  }
  faults.clear();
  await clock.advance(2 * MINUTE_MS);

  const stats = client.stats();
  life.abort();
  await subscribed;
  client.close();
  await server.close();
  await clock.advance(MINUTE_MS);
  process.off('unhandledRejection', onUnhandled);

  expect(unhandled).toEqual([]);
  expect(unknown).toEqual([]);
  expect(overdue).toEqual([]);
  expect([clock.pending, getEventListeners(signal, 'abort').length]).toEqual([0, 0]);
  expect([stats.inFlight, stats.queued]).toEqual([0, 0]);
  // What was accepted was heard, in its order and once; what was lost was said to be.
  expect(gaps).toEqual([]);
  expect(new Set(heard).size).toBe(heard.length);
  expect(heard).toEqual(heard.toSorted((a, b) => a - b));
  expect(accepted.filter((minute) => !heard.includes(minute))).toEqual([]);
  // It was a bad day, and most of it was got through.
  expect(failures).toBeGreaterThan(10);
  expect(failures / calls).toBeLessThan(0.1);
  // A refresh token whose answer is lost counts no more: such a login is one by password. There is no other but the first.
  expect(server.requests.count('auth.token')).toBeLessThanOrEqual(server.requests.count('auth.refresh') + 1);
});
