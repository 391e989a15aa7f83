import type { Clock } from '../../kernel/clock.ts';
import { isUnavailable } from '../../kernel/errors.ts';
import { compileTopicGlob } from '../../kernel/topic-glob.ts';
import { Wakeup } from '../../kernel/wakeup.ts';
import type { FollowStreamOptions, Selection, StreamEvent, StreamGap } from '../streams.ts';
import { type Entry, eventsOf, idsOf, placeOf } from './entries.ts';
import type { RedisClient } from './redis-client.ts';

/** Entries read at a time. */
const READ = 50;
const LOOK_MS = 5000;
const RETRY_MS = 1000;

/**
 * The events of a stream after an id, and then as they come. An outage in the middle is waited out.
 *
 * @throws TopicGlobError
 */
export function followStream(
  { stream, pattern = '**' }: Selection,
  { after, signal }: FollowStreamOptions,
  { client, clock }: { client: RedisClient; clock: Clock },
): AsyncIterable<StreamEvent | StreamGap> {
  const matches = compileTopicGlob(pattern);
  const key = client.streamKey(stream);
  return follow();

  async function* follow(): AsyncGenerator<StreamEvent | StreamGap> {
    const changed = new Wakeup();
    const onEvents = () => changed.signal();
    client.on('events', onEvents);
    try {
      const { from, rest, gap } = await beginning(client, stream, after);
      let position = from;
      if (gap !== null) yield gap;
      for (const event of rest) {
        if (signal.aborted) return;
        if (matches(event.topic)) yield event;
      }
      while (!signal.aborted) {
        try {
          const read = (await client.guarded((redis) =>
            redis.call('XREAD', 'COUNT', READ, 'STREAMS', key, position),
          )) as [string, Entry[]][] | null;
          const entries = read?.[0]?.[1] ?? [];
          for (const entry of entries) {
            [position] = entry;
            for (const event of eventsOf(stream, entry, matches)) {
              yield event;
              if (signal.aborted) return;
            }
            if (signal.aborted) return;
          }
          if (entries.length === 0) await changed.wait(LOOK_MS, signal);
        } catch (error) {
          if (!isUnavailable(error)) throw error;
          await clock.sleep(RETRY_MS, signal).catch(() => {});
        }
      }
    } finally {
      client.off('events', onEvents);
    }
  }
}

/** The entry after which a reader goes on, what is left of that entry, and what was missed. */
async function beginning(
  client: RedisClient,
  stream: string,
  after: string | null,
): Promise<{ from: string; rest: StreamEvent[]; gap: StreamGap | null }> {
  const key = client.streamKey(stream);
  return client.guarded(async (redis) => {
    if (after === null) {
      const [last] = await redis.xrevrange(key, '+', '-', 'COUNT', 1);
      return { from: last?.[0] ?? '0-0', rest: [], gap: null };
    }
    if (after === '0-0') return { from: '0-0', rest: [], gap: null };
    const place = placeOf(after);
    const [entry] = place === null ? [] : await redis.xrange(key, place.entry, place.entry);
    if (place !== null && entry !== undefined) {
      const [seen, ...rest] = eventsOf(stream, entry, undefined, place.index);
      if (seen !== undefined) return { from: place.entry, rest, gap: null };
    }
    const [oldest] = await redis.xrange(key, '-', '+', 'COUNT', 1);
    const gap = { gap: true, after, oldest: oldest === undefined ? null : idsOf(oldest[0])(0) } as const;
    return { from: '0-0', rest: [], gap };
  });
}
