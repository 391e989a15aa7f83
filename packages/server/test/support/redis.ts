import { Redis } from 'ioredis';

/** URL of the Redis server the tests use: what answers at REDIS_URL or 127.0.0.1:6379; null: none does. */
export async function findRedis(): Promise<string | null> {
  for (const url of [...(process.env.REDIS_URL ? [process.env.REDIS_URL] : []), 'redis://127.0.0.1:6379']) {
    const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 2000 });
    redis.on('error', () => {
      // The command tells of it.
    });
    try {
      await redis.connect();
      await redis.ping();
      return url;
    } catch {
      // The next one, then.
    } finally {
      redis.disconnect();
    }
  }
  return null;
}
