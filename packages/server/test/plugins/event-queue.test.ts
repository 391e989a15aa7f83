import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/kernel/clock.ts';
import { EventQueue, type EventQueueOptions } from '../../src/plugins/event-queue.ts';

/** A clock whose sleeps are over when the test says so. */
function steppedClock(): Clock & { wake(): number[] } {
  let sleeping: { ms: number; over: () => void }[] = [];
  return {
    ...systemClock,
    sleep: (ms) => new Promise((over) => sleeping.push({ ms, over })),
    wake() {
      const woken = sleeping;
      sleeping = [];
      for (const { over } of woken) over();
      return woken.map(({ ms }) => ms);
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
async function until(done: () => boolean): Promise<void> {
  while (!done()) await turn();
}

function queueOf<Payload>(options: Partial<EventQueueOptions<Payload>> & Pick<EventQueueOptions<Payload>, 'handle'>) {
  const failures: { message: string; willRetry: boolean }[] = [];
  const drops: number[] = [];
  const queue = new EventQueue<Payload>({
    runAs: (work) => work(),
    onFailure: (error, willRetry) => failures.push({ message: (error as Error).message, willRetry }),
    onDrop: (dropped) => drops.push(dropped),
    clock: systemClock,
    random: () => 1,
    ...options,
  });
  return { queue, failures, drops };
}

test('push calls nothing: the calls come in a turn of their own, in order', async () => {
  const handled: number[] = [];
  const { queue } = queueOf<number>({ handle: (payload) => void handled.push(payload) });
  for (let number = 0; number < 1000; number += 1) queue.push(number);
  expect(handled).toEqual([]);
  expect(queue.size).toBe(1000);
  expect(await queue.close(10_000)).toBe(0);
  expect(handled).toEqual(Array.from({ length: 1000 }, (_, number) => number));
  expect(queue.counts).toEqual({ handled: 1000, failed: 0, dropped: 0, retried: 0 });
});

test('a full queue drops the oldest and says how many', async () => {
  const handled: number[] = [];
  const { queue, drops } = queueOf<number>({ handle: (payload) => void handled.push(payload), capacity: 3 });
  for (let number = 0; number < 10; number += 1) queue.push(number);
  expect(await queue.close(10_000)).toBe(0);
  expect(handled).toEqual([7, 8, 9]);
  expect(queue.counts.dropped).toBe(7);
  expect(drops).toEqual([1]);
});

test('not more calls are under way than are allowed, and those that wait come when one is over', async () => {
  const open: (() => void)[] = [];
  let most = 0;
  const { queue } = queueOf<number>({
    handle: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      open.push(resolve);
      most = Math.max(most, open.length);
      return promise;
    },
    concurrency: 2,
  });
  for (let number = 0; number < 6; number += 1) queue.push(number);
  const closed = queue.close(10_000);
  for (let number = 0; number < 6; number += 1) {
    await until(() => open.length > 0);
    open.shift()!();
    await turn();
  }
  expect(await closed).toBe(0);
  expect(most).toBe(2);
  expect(queue.counts.handled).toBe(6);
});

test('a call that hangs is given up after its time, and its place goes to the next', async () => {
  const begun: number[] = [];
  const { queue, failures } = queueOf<number>({
    handle: (payload) => {
      begun.push(payload);
      return payload === 0 ? new Promise(() => {}) : undefined;
    },
    concurrency: 1,
    timeoutMs: 20,
  });
  queue.push(0);
  queue.push(1);
  expect(await queue.close(10_000)).toBe(0);
  expect(begun).toEqual([0, 1]);
  expect(failures).toEqual([{ message: 'It took longer than 0.02 s.', willRetry: false }]);
  expect(queue.counts).toMatchObject({ handled: 1, failed: 1 });
});

test('an event that fails is tried again with a growing delay, and is failed after the last attempt', async () => {
  const clock = steppedClock();
  const calls: string[] = [];
  const { queue, failures } = queueOf<string>({
    handle: async (payload) => {
      calls.push(payload);
      if (payload === 'bad' || calls.length < 2) throw new Error('away');
    },
    clock,
    attempts: 3,
  });
  queue.push('bad');
  await until(() => failures.length === 1);
  expect(clock.wake()).toEqual([500]);
  await until(() => failures.length === 2);
  expect(clock.wake()).toEqual([2000]);
  expect(await queue.close(10_000)).toBe(0);
  expect(calls).toEqual(['bad', 'bad', 'bad']);
  expect(failures.map(({ willRetry }) => willRetry)).toEqual([true, true, false]);
  expect(queue.counts).toEqual({ handled: 0, failed: 1, dropped: 0, retried: 2 });
});

test('what is not handled at the end is counted as dropped, and what comes later is not taken', async () => {
  const { queue } = queueOf<number>({ handle: () => new Promise(() => {}), concurrency: 1 });
  for (let number = 0; number < 5; number += 1) queue.push(number);
  await turn();
  expect(await queue.close(1)).toBe(5);
  queue.push(6);
  expect(queue.size).toBe(0);
  expect(queue.counts.dropped).toBe(5);
});

test('a plugin that throws at once fails no other event', async () => {
  const { queue, failures } = queueOf<number>({
    handle: (payload) => {
      if (payload % 2 === 0) throw new Error(`no ${payload}`);
    },
  });
  for (let number = 0; number < 4; number += 1) queue.push(number);
  await queue.close(10_000);
  expect(failures.map(({ message }) => message)).toEqual(['no 0', 'no 2']);
  expect(queue.counts).toMatchObject({ handled: 2, failed: 2 });
});

test('what waits is bounded by its weight too, and the newest is kept whatever it weighs', async () => {
  const handled: number[] = [];
  const { queue } = queueOf<number>({
    handle: (payload) => void handled.push(payload),
    weight: { of: (payload) => payload, most: 10 },
  });
  for (const payload of [4, 5, 6, 50, 3, 7]) queue.push(payload);
  await queue.close(10_000);
  expect(handled).toEqual([3, 7]);
  expect(queue.counts.dropped).toBe(4);
});

test('a second close ends the wait of the first', async () => {
  const { queue } = queueOf<number>({ handle: () => new Promise(() => {}) });
  queue.push(1);
  await turn();
  const first = queue.close(60_000);
  await turn();
  expect(await queue.close(0)).toBe(1);
  expect(await first).toBe(0);
});

test('an error that throws when it is looked at stops nothing', async () => {
  const queue = new EventQueue<number>({
    handle: (payload) => {
      if (payload % 2 === 0)
        throw new Proxy(
          {},
          {
            get: () => {
              throw new Error('no look');
            },
          },
        );
    },
    runAs: (work) => work(),
    onFailure: (error) => void (error as Error).message,
    onDrop: () => {},
    clock: systemClock,
    random: () => 1,
  });
  for (let number = 0; number < 4; number += 1) queue.push(number);
  expect(await queue.close(10_000)).toBe(0);
  expect(queue.counts).toMatchObject({ handled: 2, failed: 2 });
});
