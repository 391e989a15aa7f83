import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Store } from '../storage/store.ts';
import { SqlStreams } from './sql/sql-streams.ts';
import type { OpenStreams } from './streams.ts';
import type { EventTrigger } from './trigger.ts';

/** What streams are opened with. */
export interface StreamsOptions {
  readonly store: Store;
  /** Redis to carry the events; null: the database does. */
  readonly redisUrl: string | null;
  /** What every key in Redis begins with. Default: `ordinaut:`. */
  readonly redisPrefix?: string;
  readonly trigger: EventTrigger;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Name of this process among those on one database. */
  readonly instance: string;
  /** How long events that a process has taken stay its own without a sign of life, in milliseconds. Default: 30,000. */
  readonly leaseMs?: number;
}

/** Makes the streams of the settings; Redis is loaded only when it is used. */
export async function openStreams({ redisUrl, redisPrefix, ...options }: StreamsOptions): Promise<OpenStreams> {
  if (redisUrl === null) return new SqlStreams(options);
  const { RedisStreams } = await import('./redis/redis-streams.ts');
  return new RedisStreams({ ...options, url: redisUrl, ...(redisPrefix !== undefined && { prefix: redisPrefix }) });
}
