import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  CORE_STREAM,
  type DeadLetter,
  extensionStream,
  type OpenStreams,
  type StreamEvent,
  type StreamGap,
} from '../../src/events/streams.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { shiftedClock } from '../support/shifted-clock.ts';
import { describeStreams, newStreamsPlace, type StreamsPlace } from './stream-places.ts';

/** Collects what comes and waits for it. */
function collector() {
  const events: StreamEvent[] = [];
  let check: () => void = () => {};
  return {
    events,
    data: () => events.map((event) => event.data),
    handler: (event: StreamEvent) => {
      events.push(event);
      check();
    },
    until: (enough: () => boolean) =>
      new Promise<void>((resolve) => {
        check = () => enough() && resolve();
        check();
      }),
    count(n: number) {
      return this.until(() => events.length >= n);
    },
  };
}

/** The system clock without the delays between failures. */
const hasty = {
  ...systemClock,
  sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 5), signal),
};

const compare = (a: string, b: string) => {
  const [left, right] = [a, b].map((id) => id.split('-').map(Number));
  return left![0]! - right![0]! || left![1]! - right![1]!;
};

describeStreams('event streams', (kind) => {
  let place: StreamsPlace;
  beforeEach(async () => {
    place = await newStreamsPlace(kind);
  });
  afterEach(() => place.remove());

  const publish = (streams: OpenStreams, topic: string, data: unknown, stream?: string) =>
    streams.publish({ topic, data, source: 'test', ...(stream && { stream }) });

  test('a group handles what is published, in order, with everything it was published with', async () => {
    const streams = await place.open();
    const seen = collector();
    await streams.subscribe({ group: 'g', pattern: 'order.*', handler: seen.handler });
    const published = await Promise.all(Array.from({ length: 300 }, (_, n) => publish(streams, 'order.made', { n })));
    await publish(streams, 'other.thing', 0);
    await seen.count(300);
    expect(seen.data()).toEqual(Array.from({ length: 300 }, (_, n) => ({ n })));
    const ids = seen.events.map((event) => event.id);
    expect(ids).toEqual(ids.toSorted(compare));
    expect(new Set(ids).size).toBe(300);
    expect(seen.events[0]).toEqual(published[0]!.event);
    expect(seen.events[0]).toMatchObject({ stream: CORE_STREAM, topic: 'order.made', source: 'test' });
    expect(new Set(seen.events.map((event) => event.eventId)).size).toBe(300);
  });

  test('ids rise strictly also when the clock goes back', async () => {
    const clock = shiftedClock();
    const streams = await place.open({ clock });
    const ids: string[] = [];
    for (let n = 0; n < 6; n++) {
      ids.push((await publish(streams, 'a.b', n)).event.id);
      clock.shift(n % 2 === 0 ? -60_000 : 30_000);
    }
    expect(ids.every((id, at) => at === 0 || compare(ids[at - 1]!, id) < 0)).toBe(true);
  });

  test('what is published is there after the process has ended', async () => {
    const first = await place.open();
    const { event } = await publish(first, 'a.b', { kept: true });
    await place.close();
    const second = await place.open();
    expect(await second.recent(5)).toEqual([event]);
    expect(await second.topics()).toMatchObject([{ topic: 'a.b', stream: CORE_STREAM, count: 1, lastId: event.id }]);
  });

  test('two instances share the events of a group, two groups get each event', async () => {
    const [one, two] = [await place.open(), await place.open()];
    const [a, b, other] = [collector(), collector(), collector()];
    const both = Promise.withResolvers<void>();
    const handler = (own: ReturnType<typeof collector>) => (event: StreamEvent) => {
      own.handler(event);
      if (a.events.length + b.events.length >= 200) both.resolve();
    };
    await one.subscribe({ group: 'shared', pattern: '**', handler: handler(a) });
    await two.subscribe({ group: 'shared', pattern: '**', handler: handler(b) });
    await two.subscribe({ group: 'other', pattern: '**', handler: other.handler });
    for (let n = 0; n < 200; n += 10)
      await Promise.all(Array.from({ length: 10 }, (_, m) => publish(n % 20 ? one : two, 'x.y', n + m)));
    await Promise.all([both.promise, other.count(200)]);
    const handled = [...a.data(), ...b.data()].map(Number);
    expect(handled.toSorted((x, y) => x - y)).toEqual(Array.from({ length: 200 }, (_, n) => n));
    expect(other.events).toHaveLength(200);
  });

  test('a group that was away goes on where it stopped', async () => {
    const streams = await place.open();
    const seen = collector();
    const leave = await streams.subscribe({ group: 'g', pattern: '**', handler: seen.handler });
    await publish(streams, 'a.a', 1);
    await seen.count(1);
    await leave();
    await leave();
    await publish(streams, 'a.a', 2);
    const later = collector();
    await streams.subscribe({ group: 'g', pattern: '**', handler: later.handler });
    await later.count(1);
    expect(later.data()).toEqual([2]);
  });

  test('unsubscribing finishes the event under way and hands the rest back', async () => {
    const streams = await place.open();
    const begun = Promise.withResolvers<AbortSignal>();
    const end = Promise.withResolvers<void>();
    const handled: unknown[] = [];
    const leave = await streams.subscribe({
      group: 'g',
      pattern: '**',
      async handler({ data }, signal) {
        begun.resolve(signal);
        await end.promise;
        handled.push(data);
      },
    });
    await Promise.all([1, 2, 3].map((n) => publish(streams, 'a.a', n)));
    const signal = await begun.promise;
    expect(signal.aborted).toBe(false);
    const left = leave();
    expect(signal.aborted).toBe(true);
    end.resolve();
    await left;
    expect(handled).toEqual([1]);
    const later = collector();
    await streams.subscribe({ group: 'g', pattern: '**', handler: later.handler });
    await later.count(2);
    expect(later.data()).toEqual([2, 3]);
  });

  test('what a handler throws after the end of its subscription is no failure', async () => {
    const streams = await place.open();
    const begun = Promise.withResolvers<void>();
    const leave = await streams.subscribe({
      group: 'g',
      pattern: '**',
      async handler(_event, signal) {
        begun.resolve();
        await once(signal, 'abort');
        throw new Error('cut short');
      },
    });
    await publish(streams, 'a.a', 1);
    await begun.promise;
    await leave();
    const again = collector();
    await streams.subscribe({ group: 'g', pattern: '**', handler: again.handler });
    await again.count(1);
    expect(again.data()).toEqual([1]);
  });

  test('five failures put an event to the dead letters with the reason, and the group goes on', async () => {
    const streams = await place.open({ clock: hasty });
    const tries: unknown[] = [];
    const seen = collector();
    await streams.subscribe({
      group: 'fragile',
      pattern: '**',
      handler(event) {
        tries.push(event.data);
        if (event.data === 'bad') throw new Error('I cannot take this');
        seen.handler(event);
      },
    });
    const everything = collector();
    await streams.subscribe({ group: 'all', pattern: '**', handler: everything.handler });
    await publish(streams, 'a.a', 'bad');
    await publish(streams, 'a.a', 'good');
    await seen.count(1);
    expect(tries).toEqual(['bad', 'bad', 'bad', 'bad', 'bad', 'good']);
    const letters: (StreamEvent | StreamGap)[] = [];
    const enough = new AbortController();
    for await (const each of streams.follow({ stream: 'dead:fragile' }, { after: '0-0', signal: enough.signal })) {
      letters.push(each);
      enough.abort();
    }
    expect(letters).toHaveLength(1);
    expect((letters[0] as StreamEvent).data).toMatchObject({
      group: 'fragile',
      reason: 'I cannot take this',
      failures: 5,
      event: { topic: 'a.a', data: 'bad' },
    } satisfies { [K in keyof DeadLetter]: unknown });
    // Dead letters are for people: no group gets them.
    await publish(streams, 'a.a', 'last');
    await everything.until(() => everything.data().includes('last'));
    expect(everything.data()).toEqual(['bad', 'good', 'last']);
    expect((await streams.recent(10)).map((event) => event.data)).toEqual(['last', 'good', 'bad']);
  });

  test('patterns look at the topic, whatever the stream, also of streams that are new', async () => {
    const streams = await place.open();
    const [failed, all, mine] = [collector(), collector(), collector()];
    await streams.subscribe({ group: 'failed', pattern: '*.failed', handler: failed.handler });
    await streams.subscribe({ group: 'all', pattern: '**', handler: all.handler });
    await streams.subscribe({ group: 'mine', pattern: 'shop.**', handler: mine.handler });
    await publish(streams, 'job.failed', 1);
    await publish(streams, 'shop.sold', 2, extensionStream('shop', 'shop.sold'));
    await publish(streams, 'shop.failed', 3, extensionStream('shop', 'shop.failed'));
    await publish(streams, 'a.b.failed', 4);
    await all.count(4);
    await Promise.all([failed.count(2), mine.count(2)]);
    expect(failed.data()).toEqual([1, 3]);
    expect(mine.data()).toEqual([2, 3]);
    expect(mine.events.map((event) => event.stream)).toEqual([
      'ext:shop:events:shop.sold',
      'ext:shop:events:shop.failed',
    ]);
    await publish(streams, 'shop.new', 5, extensionStream('shop', 'shop.new'));
    await mine.count(3);
    expect(mine.data()).toEqual([2, 3, 5]);
  });

  test('a pattern that is none is refused with its field', async () => {
    const streams = await place.open();
    const wrong = { code: 'bad_request', details: { field: 'pattern' } };
    await expect(streams.subscribe({ group: 'g', pattern: 'a..b', handler() {} })).rejects.toMatchObject(wrong);
    const signal = new AbortController().signal;
    let refusal: unknown;
    try {
      streams.follow({ stream: 'core', pattern: 'a**' }, { after: null, signal });
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject(wrong);
  });

  /** Follows until so many have come. */
  async function followed(
    streams: OpenStreams,
    after: string | null,
    count: number,
    pattern = '**',
    onReady: () => unknown = () => {},
  ): Promise<(StreamEvent | StreamGap)[]> {
    const enough = new AbortController();
    const came: (StreamEvent | StreamGap)[] = [];
    const source = streams.follow({ stream: CORE_STREAM, pattern }, { after, signal: enough.signal });
    const reading = source[Symbol.asyncIterator]();
    for (let next = reading.next(); ; next = reading.next()) {
      if (came.length === 0) await onReady();
      const { value, done } = await next;
      if (done) return came;
      came.push(value);
      if (came.length >= count) enough.abort();
    }
  }

  test('a follower goes on after the id it has seen, and is told of no gap', async () => {
    const streams = await place.open();
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.push((await publish(streams, n % 2 ? 'odd.n' : 'even.n', n)).event.id);
    const rest = await followed(streams, ids[1]!, 3);
    expect(rest.map((each) => 'data' in each && each.data)).toEqual([2, 3, 4]);
    const even = await followed(streams, '0-0', 3, 'even.*');
    expect(even.map((each) => 'data' in each && each.data)).toEqual([0, 2, 4]);
  });

  test('every follower sees what is published from now on, and no other stream', async () => {
    const [one, two] = [await place.open(), await place.open()];
    await publish(one, 'a.a', 'before');
    let ready = 0;
    const bothReady = Promise.withResolvers<void>();
    const onReady = () => (++ready === 2 ? bothReady.resolve() : undefined);
    const following = [followed(one, null, 2, 'a.*', onReady), followed(two, null, 2, 'a.*', onReady)];
    await bothReady.promise;
    // A follower that has not begun to read sees nothing of this: publish until it has.
    const stop = new AbortController();
    const publishing = (async () => {
      for (let n = 0; !stop.signal.aborted; n++) {
        await publish(two, 'a.a', n);
        await publish(two, 'a.a', 'elsewhere', extensionStream('x', 'a.a'));
      }
    })();
    const seen = await Promise.all(following);
    stop.abort();
    await publishing;
    for (const each of seen) {
      const numbers = each.map((event) => ('data' in event ? Number(event.data) : Number.NaN));
      expect(numbers[1]).toBe(numbers[0]! + 1);
    }
  });

  test('a follower whose id is no longer kept is told of the gap first', async () => {
    const clock = shiftedClock();
    const streams = await place.open({ clock });
    const ids: string[] = [];
    for (let n = 0; n < 4; n++) {
      ids.push((await publish(streams, 'a.a', n)).event.id);
      if (n === 1) clock.shift(10_000);
      // Redis has a clock of its own.
      if (n === 1) for (const at = Date.now(); Date.now() <= at + 1; ) await new Promise(setImmediate);
    }
    const [before] = ids[2]!.split('-').map(Number);
    expect(await streams.cleanup(before!)).toBe(2);
    const [gap, ...rest] = await followed(streams, ids[0]!, 3);
    expect(gap).toEqual({ gap: true, after: ids[0], oldest: ids[2] });
    expect(rest.map((each) => 'data' in each && each.data)).toEqual([2, 3]);
    for (const strange of ['99999999999999-0', 'what']) {
      const [unknown] = await followed(streams, strange, 1);
      expect(unknown).toEqual({ gap: true, after: strange, oldest: ids[2] });
    }
    expect((await streams.recent(10)).map((event) => event.data)).toEqual([3, 2]);
  });

  test('beyond the number that is kept the oldest go', async () => {
    const clock = shiftedClock();
    const streams = await place.open({ clock });
    for (let n = 0; n < 30; n++) await publish(streams, 'a.a', n);
    const signal = new AbortController().signal;
    expect(await streams.retain(0, 10, signal)).toBe(20);
    const left = await streams.recent(100);
    expect(left.map((event) => event.data)).toEqual(Array.from({ length: 10 }, (_, n) => 29 - n));
    clock.shift(1000);
    expect(await streams.retain(clock.now(), 10, signal)).toBe(10);
    expect(await streams.recent(100)).toEqual([]);
  });

  test('events of a killed process are handled by another, from the one it stood at', { timeout: 60_000 }, async () => {
    const program = fileURLToPath(new URL('./consumer-process.ts', import.meta.url));
    const child = spawn(process.execPath, ['--conditions=ordinaut-source', program, JSON.stringify(place.settings)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const handled: unknown[] = [];
    const hanging = Promise.withResolvers<void>();
    createInterface(child.stdout).on('line', (line) => {
      handled.push(JSON.parse(line));
      if (handled.at(-1) === 3) hanging.resolve();
    });
    await hanging.promise;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    const streams = await place.open();
    const seen = collector();
    await streams.subscribe({ group: 'workers', pattern: 'job.*', handler: seen.handler });
    for (let n = 100; n < 103; n++) await publish(streams, 'job.new', n);
    await seen.until(() => seen.data().includes(102) && seen.data().includes(3));
    expect(handled).toEqual([0, 1, 2, 3]);
    // At least once: what was not acknowledged comes again, nothing is left out.
    expect(seen.data()).toContain(3);
    const all = new Set([...handled, ...seen.data()].map(Number));
    expect([0, 1, 2, 3].every((n) => all.has(n))).toBe(true);
    expect(seen.data().filter((n) => n === 3)).toHaveLength(1);
  });
});
