import type { Clock } from '../../kernel/clock.ts';
import { isUnavailable } from '../../kernel/errors.ts';
import { compileTopicGlob } from '../../kernel/topic-glob.ts';
import { Wakeup } from '../../kernel/wakeup.ts';
import { parseEventId } from '../../storage/event-log.ts';
import type { FollowStreamOptions, Selection, StreamEvent, StreamGap } from '../streams.ts';
import { type Entry, fromEntry } from './entries.ts';
import type { RedisClient } from './redis-client.ts';

const READ = 200;
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
      const { from, gap } = await beginning(client, key, after);
      let position = from;
      if (gap !== null) yield gap;
      while (!signal.aborted) {
        try {
          const read = (await client.guarded((redis) =>
            redis.call('XREAD', 'COUNT', READ, 'STREAMS', key, position),
          )) as [string, Entry[]][] | null;
          const entries = read?.[0]?.[1] ?? [];
          for (const entry of entries) {
            [position] = entry;
            const event = fromEntry(stream, entry);
            if (event !== null && matches(event.topic)) yield event;
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

/** The id after which a reader goes on, and what it has missed. */
async function beginning(
  client: RedisClient,
  key: string,
  after: string | null,
): Promise<{ from: string; gap: StreamGap | null }> {
  return client.guarded(async (redis) => {
    if (after === null) {
      const [last] = await redis.xrevrange(key, '+', '-', 'COUNT', 1);
      return { from: last?.[0] ?? '0-0', gap: null };
    }
    if (after === '0-0') return { from: '0-0', gap: null };
    const known = parseEventId(after) === null ? [] : await redis.xrange(key, after, after);
    if (known.length > 0) return { from: after, gap: null };
    const [oldest] = await redis.xrange(key, '-', '+', 'COUNT', 1);
    return { from: '0-0', gap: { gap: true, after, oldest: oldest?.[0] ?? null } };
  });
}
