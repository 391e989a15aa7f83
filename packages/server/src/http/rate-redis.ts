import type { Redis } from 'ioredis';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';

/** Counting is not worth more of a request's time: past it the process counts for itself. */
const COMMAND_TIMEOUT_MS = 500;

/**
 * The connection that requests are counted over, one of its own: a stream that is read in one go must not hold up every request. It
 * comes back by itself.
 */
export async function openRateRedis(url: string, logger: Logger): Promise<{ redis: Redis; service: Service }> {
  const { Redis } = await import('ioredis');
  const redis = new Redis(url, {
    lazyConnect: true,
    commandTimeout: COMMAND_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
  });
  let away = false;
  redis.on('error', (error: Error) => {
    if (!away) logger.warn({ err: error }, 'Redis is away; each process counts requests for itself');
    away = true;
  });
  redis.on('ready', () => {
    if (away) logger.info('Redis is back; requests are counted together');
    away = false;
  });
  const service: Service = {
    name: 'rate limits',
    async start() {
      // One that is away now may come later; the limits hold without it.
      await redis.connect().catch(() => undefined);
    },
    async stop() {
      redis.disconnect();
    },
  };
  return { redis, service };
}
