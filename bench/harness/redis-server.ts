import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { undoing } from './undo.ts';

/** The Redis server to measure on. */
export const redisUrl = (): string => process.env.BENCH_REDIS_URL ?? 'redis://127.0.0.1:6379';

/** Gives `work` a key prefix nobody else uses and deletes everything under it afterwards. */
export function withKeyPrefix<Result>(work: (prefix: string) => Promise<Result>): Promise<Result> {
  const prefix = `ordinaut-bench-${randomBytes(6).toString('hex')}`;
  return undoing(
    () => work(prefix),
    () =>
      onRedis(async (redis) => {
        for await (const keys of redis.scanStream({ match: `${prefix}:*`, count: 1000 })) {
          if (keys.length > 0) await redis.unlink(...keys);
        }
      }),
  );
}

/** What a figure on Redis depends on: above all whether it writes anything to the disk. */
export const redisFacts = (): Promise<Record<string, string>> =>
  onRedis(async (redis) => {
    const info = await redis.info('server');
    const setting = async (name: string) => ((await redis.config('GET', name)) as string[])[1] ?? '';
    const [save, appendonly, appendfsync] = [
      await setting('save'),
      await setting('appendonly'),
      await setting('appendfsync'),
    ];
    return {
      version: /redis_version:(\S+)/.exec(info)?.[1] ?? 'unknown',
      persistence:
        appendonly === 'yes'
          ? `append-only file, fsync ${appendfsync}`
          : save === ''
            ? 'none: nothing is written to the disk'
            : `snapshots only (save ${save})`,
    };
  });

async function onRedis<Result>(work: (redis: Redis) => Promise<Result>): Promise<Result> {
  const redis = new Redis(redisUrl(), { lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => {
    // The command that fails tells of it.
  });
  try {
    await redis.connect();
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}
