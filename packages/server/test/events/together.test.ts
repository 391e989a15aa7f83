import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  CORE_STREAM,
  extensionStream,
  type OpenStreams,
  type StreamEvent,
  type StreamGap,
} from '../../src/events/streams.ts';
import { systemClock } from '../../src/kernel/clock.ts';
import { describeStreams, newStreamsPlace, type StreamsPlace } from './stream-places.ts';

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

const isLater = (a: string, b: string) => {
  const [[ms, seq], [otherMs, otherSeq]] = [a, b].map((id) => id.split('-').map(Number)) as [number[], number[]];
  return otherMs! > ms! || (otherMs === ms && otherSeq! > seq!);
};

describeStreams('events that are published together', (kind) => {
  let place: StreamsPlace;
  let streams: OpenStreams;
  beforeEach(async () => {
    place = await newStreamsPlace(kind);
    streams = await place.open();
  });
  afterEach(() => place.remove());

  const publishAll = async (stream: string, from: number, to: number) => {
    const publish = (n: number) => streams.publish({ topic: 'a.b', data: n, source: 'test', stream });
    return (await Promise.all(numbers(from, to).map(publish))).map(({ event }) => event);
  };

  const read = async (stream: string, after: string, count: number) => {
    const enough = new AbortController();
    const came: (StreamEvent | StreamGap)[] = [];
    for await (const each of streams.follow({ stream }, { after, signal: enough.signal })) {
      if (came.push(each) === count) enough.abort();
    }
    return came;
  };

  for (const stream of [CORE_STREAM, extensionStream('x', 'a.b')]) {
    test(`keep their order and their ids on ${stream}, and a follower goes on in the middle`, async () => {
      const events = await publishAll(stream, 0, 300);
      const ids = events.map((event) => event.id);
      expect(ids.every((id, at) => at === 0 || isLater(ids[at - 1]!, id))).toBe(true);
      expect(new Set(events.map((event) => event.eventId)).size).toBe(300);
      expect(await read(stream, '0-0', 300)).toEqual(events);
      for (const seen of [0, 1, 149, 298])
        expect(await read(stream, ids[seen]!, 299 - seen)).toEqual(events.slice(seen + 1));
      expect(await streams.recent(7)).toEqual(events.slice(-7).toReversed());
      expect(await streams.topics()).toMatchObject([{ topic: 'a.b', stream, count: 300, lastId: ids[299] }]);
      const [ms, seq] = ids[299]!.split('-');
      const beyond = `${ms}-${Number(seq) + 1}`;
      expect((await read(stream, beyond, 1))[0]).toEqual({ gap: true, after: beyond, oldest: ids[0] });
      expect(await streams.cleanup(Date.now() + 60_000)).toBe(300);
      expect(await streams.recent(7)).toEqual([]);
    });

    test(`are not handled twice on ${stream} when a subscription ends among them`, async () => {
      const seen: unknown[] = [];
      // Each subscription ends with its last event, and the next goes on.
      for (const last of [19, 20, 33, 49]) {
        const ended = Promise.withResolvers<void>();
        const leave = await streams.subscribe({
          group: 'g',
          pattern: '**',
          handler({ data }) {
            seen.push(data);
            if (data === last) ended.resolve(leave());
          },
        });
        if (last === 19) await publishAll(stream, 0, 50);
        await ended.promise;
      }
      expect(seen).toEqual(numbers(0, 50));
    });
  }

  test('fail each for itself', async () => {
    const clock = {
      ...systemClock,
      sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 5), signal),
    };
    streams = await place.open({ clock });
    const tries: unknown[] = [];
    const ended = Promise.withResolvers<void>();
    await streams.subscribe({
      group: 'g',
      pattern: '**',
      handler({ data }) {
        tries.push(data);
        if (data === 2 || data === 5) throw new Error('not this one');
        if (data === 9) ended.resolve();
      },
    });
    await publishAll(CORE_STREAM, 0, 10);
    await ended.promise;
    expect(tries).toEqual([0, 1, 2, 2, 2, 2, 2, 3, 4, 5, 5, 5, 5, 5, 6, 7, 8, 9]);
    const letters = (await read('dead:g', '0-0', 2)) as StreamEvent[];
    expect(letters.map(({ data }) => (data as { event: StreamEvent }).event.data)).toEqual([2, 5]);
  });
});
