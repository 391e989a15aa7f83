import { expect, test } from 'vitest';
import { AbortedError, type OrdinautClient } from '../../src/index.ts';
import type { Fault } from '../../src/testing/index.ts';
import { describePlaces, failureOf } from './places.ts';

const always = { times: Number.POSITIVE_INFINITY };
/** Where a call can be when it is aborted. */
const moments: Readonly<Record<string, Fault>> = {
  'while it logs in': { operation: 'auth.token', hang: true, ...always },
  'while it waits for an answer': { operation: 'users.me', hang: true, ...always },
  'while it reads a body': { operation: 'users.me', stallBody: true, ...always },
  'while it backs off': { operation: 'users.me', status: 503, retryAfter: 30, ...always },
};

describePlaces('abort', (place) => {
  /** Until it is where it is to be aborted. */
  const reached = (fault: Fault) =>
    expect
      .poll(
        () => {
          const last = place.requests.of(fault.operation as 'users.me').at(-1);
          return last !== undefined && (fault.hang === true || last.status !== null);
        },
        { interval: 1 },
      )
      .toBe(true);

  async function settledMs(client: OrdinautClient, fault: Fault): Promise<number> {
    place.requests.clear();
    const left = new AbortController();
    const call = failureOf(client.users.me({ signal: left.signal }));
    await reached(fault);
    const begun = performance.now();
    left.abort(new Error('enough'));
    const error = await call;
    const took = performance.now() - begun;
    expect(error).toBeInstanceOf(AbortedError);
    expect(error).toMatchObject({ name: 'AbortError', cause: { message: 'enough' } });
    return took;
  }

  test.each(Object.entries(moments))('settles within 5 ms %s', async (_, fault) => {
    const times: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      place.faults.clear();
      const client = place.client();
      if (fault.operation !== 'auth.token') await client.users.me();
      place.faults.next(fault);
      times.push(await settledMs(client, fault));
    }
    // What else the machine does has no part in the best of them.
    expect(Math.min(...times)).toBeLessThanOrEqual(5);
  });

  test('settles within 5 ms while it waits for its turn', async () => {
    const client = place.client({ concurrency: 1 });
    await client.users.me();
    place.faults.next({ operation: 'users.me', hang: true, ...always });
    place.requests.clear();
    const first = failureOf(client.users.me());
    await reached({ operation: 'users.me', hang: true });
    const left = new AbortController();
    const second = failureOf(client.users.me({ signal: left.signal }));
    const begun = performance.now();
    left.abort();
    expect(await second).toBeInstanceOf(AbortedError);
    expect(performance.now() - begun).toBeLessThanOrEqual(15);
    client.close();
    expect(await first).toBeInstanceOf(AbortedError);
  });

  test('a signal that is aborted already sends nothing', async () => {
    const client = place.client();
    expect(await failureOf(client.users.me({ signal: AbortSignal.abort() }))).toBeInstanceOf(AbortedError);
    expect(place.requests.count()).toBe(0);
  });

  test('a client that is closed ends what is under way, and takes nothing more', async () => {
    const client = place.client();
    await client.users.me();
    place.faults.next({ operation: 'users.me', hang: true, ...always });
    const call = failureOf(client.users.me());
    client.close();
    expect(await call).toBeInstanceOf(AbortedError);
    expect(await failureOf(client.users.me())).toBeInstanceOf(AbortedError);
  });
});
