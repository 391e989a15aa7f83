import { type Entry, sizeOf } from './entries.ts';
import type { RedisClient } from './redis-client.ts';

const DAY_MS = 86_400_000;
/** Entries looked at together. */
const PAGE = 100;
/** About so many events a stream keeps, also between the sweeps. */
const MAX_EVENTS = 1_000_000;
/** Events after which it is written down where the stream stands. */
const MARK_EVERY = 50_000;

/**
 * Takes away entries that are older than an instant, and (`keep`) all but the newest so many entries of each stream; answers how many
 * events went. They are read once more for that: as entries differ in size, nothing else tells it.
 */
export async function trimStreams(client: RedisClient, before: number, keep: number | null): Promise<number> {
  const streams = await client.guarded((redis) => redis.smembers(client.key('streams')));
  // Nothing stands before the first instant, and Redis takes no such range.
  const end = `(${Math.max(1, Math.floor(before))}-0`;
  let gone = 0;
  for (const stream of streams) {
    const key = client.streamKey(stream);
    gone += await takeAway(client, key, end, Number.POSITIVE_INFINITY);
    if (keep === null) continue;
    const beyond = (await client.guarded((redis) => redis.xlen(key))) - keep;
    gone += await takeAway(client, key, '+', beyond);
  }
  return gone;
}

/** Takes away the oldest entries up to an id, at most so many. */
async function takeAway(client: RedisClient, key: string, end: string, most: number): Promise<number> {
  let gone = 0;
  for (let left = most; left > 0; ) {
    const count = Math.min(PAGE, left);
    const page: Entry[] = await client.guarded((redis) => redis.xrange(key, '-', end, 'COUNT', count));
    const last = page.at(-1)?.[0];
    if (last === undefined) break;
    const [ms, seq] = last.split('-');
    await client.guarded((redis) => redis.call('XTRIM', key, 'MINID', '=', `${ms}-${Number(seq) + 1}`));
    gone += page.reduce((sum, entry) => sum + sizeOf(entry), 0);
    if (page.length < count) break;
    left -= page.length;
  }
  return gone;
}

/**
 * Keeps a stream small between the sweeps. Redis counts entries, not events: so at every fifty thousandth event the id is written
 * down, and what stands before the mark of a million events ago goes.
 *
 * @param total events that the stream has had with this entry, of which `n` are in it.
 */
export async function keepSmall(
  client: RedisClient,
  stream: string,
  { total, n, id }: { total: number; n: number; id: string },
): Promise<void> {
  // In one process of all, as only one of them counts up across it.
  if (Math.floor(total / MARK_EVERY) === Math.floor((total - n) / MARK_EVERY)) return;
  const marks = client.key(`marks:${stream}`);
  const key = client.streamKey(stream);
  await client.guarded(async (redis) => {
    await redis.zadd(marks, total, id);
    const limit = total - MAX_EVENTS;
    const [oldest] = await redis.zrevrangebyscore(marks, limit, '-inf', 'LIMIT', 0, 1);
    if (oldest === undefined) return;
    await redis.call('XTRIM', key, 'MINID', '~', oldest);
    await redis.zremrangebyscore(marks, '-inf', `(${limit}`);
  });
}

/** Trims, and forgets consumers that have been gone for a day. */
export async function retainStreams(client: RedisClient, before: number, keep: number): Promise<number> {
  const gone = await trimStreams(client, before, keep);
  await client.guarded(async (redis) => {
    for (const stream of await redis.smembers(client.key('streams'))) {
      const key = client.streamKey(stream);
      for (const group of asRecords(await redis.call('XINFO', 'GROUPS', key).catch(() => []))) {
        const consumers = asRecords(await redis.call('XINFO', 'CONSUMERS', key, String(group.name)));
        for (const { name, pending, idle } of consumers) {
          if (pending === 0 && Number(idle) > DAY_MS)
            await redis.xgroup('DELCONSUMER', key, String(group.name), String(name));
        }
      }
    }
  });
  return gone;
}

/** Names and values in turn as objects. */
const asRecords = (rows: unknown): Record<string, unknown>[] =>
  (rows as unknown[][]).map((row) =>
    Object.fromEntries(Array.from({ length: row.length / 2 }, (_, at) => [String(row[2 * at]), row[2 * at + 1]])),
  );
