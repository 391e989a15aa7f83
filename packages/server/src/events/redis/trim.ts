import type { RedisClient } from './redis-client.ts';

const DAY_MS = 86_400_000;

/** Takes away entries that are older than an instant, or (`keep`) all but the newest so many of each stream; answers how many went. */
export async function trimStreams(client: RedisClient, before: number, keep: number | null): Promise<number> {
  const streams = await client.guarded((redis) => redis.smembers(client.key('streams')));
  const commands = streams.flatMap((stream) => {
    const key = client.streamKey(stream);
    const old = ['xtrim', key, 'MINID', '=', `${Math.max(0, Math.floor(before))}-0`];
    return keep === null ? [old] : [old, ['xtrim', key, 'MAXLEN', '=', keep]];
  });
  const gone = commands.length === 0 ? [] : await client.pipelined(commands);
  return gone.reduce<number>((sum, count) => sum + Number(count), 0);
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
