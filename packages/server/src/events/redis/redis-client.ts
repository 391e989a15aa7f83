import { EventEmitter } from 'node:events';
import { Redis } from 'ioredis';
import { ApiError, dependencyAway, messageOf } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';

const OLDEST = 7;
/** Message that there are streams that were not there before. */
export const NEW_STREAMS = 'streams';
const POLL_MS = 1000;
const COMMAND_TIMEOUT_MS = 10_000;

/**
 * The connections to Redis: one for commands, one that hears of new events. Both come back by themselves; while they are away every
 * command fails at once with `unavailable`.
 */
export class RedisClient extends EventEmitter<{ events: []; streams: [] }> {
  readonly redis: Redis;
  readonly prefix: string;
  readonly #listener: Redis;
  readonly #logger: Logger;
  #failure: string | null = null;
  #poll: NodeJS.Timeout | undefined;
  #started = false;

  constructor(deps: { url: string; prefix: string; logger: Logger }) {
    super();
    this.setMaxListeners(0);
    this.prefix = deps.prefix;
    this.#logger = deps.logger;
    this.redis = this.#connection(deps.url, { commandTimeout: COMMAND_TIMEOUT_MS });
    this.#listener = this.#connection(deps.url, {});
  }

  /** @throws Error with a sentence for the operator where no Redis of the right age answers. */
  async start(): Promise<void> {
    if (this.#started) return;
    try {
      await this.redis.connect();
      const version = /redis_version:(\S+)/.exec(await this.redis.info('server'))?.[1] ?? 'unknown';
      if (!(Number.parseInt(version, 10) >= OLDEST)) {
        throw new Error(`it is version ${version}, and event streams need ${OLDEST} or newer`);
      }
      await this.#listener.connect();
      await this.#listener.subscribe(this.key('wake'));
    } catch (error) {
      this.stop();
      throw new Error(`Redis cannot be used (${messageOf(error)}). Check REDIS_URL, and whether the server runs.`, {
        cause: error,
      });
    }
    this.#started = true;
    this.#listener.on('message', this.#onMessage);
    this.#listener.on('ready', this.#tell);
    this.#poll = setInterval(this.#tell, POLL_MS);
  }

  stop(): void {
    clearInterval(this.#poll);
    this.#started = false;
    this.#listener.disconnect();
    this.redis.disconnect();
  }

  key(name: string): string {
    return this.prefix + name;
  }

  streamKey(stream: string): string {
    return this.key(`stream:${stream}`);
  }

  /** Why Redis cannot be used; null while it can. */
  get failure(): string | null {
    if (this.redis.status === 'ready') return null;
    return this.#failure ?? 'there is no connection to Redis';
  }

  /** @throws ApiError `unavailable` while there is no connection. */
  expectReady(): void {
    if (this.failure !== null) throw outage(this.failure);
  }

  /** Runs commands; what fails is `unavailable`. */
  async guarded<Result>(work: (redis: Redis) => Promise<Result>): Promise<Result> {
    try {
      return await work(this.redis);
    } catch (error) {
      if (error instanceof ApiError) throw error;
      throw outage(messageOf(error), error);
    }
  }

  /** Sends commands together; the results in their order. */
  pipelined(commands: readonly (readonly (string | number)[])[]): Promise<unknown[]> {
    return this.guarded(async (redis) => {
      const pipeline = redis.pipeline(commands as (string | number)[][]);
      const results = (await pipeline.exec()) ?? [];
      return results.map(([error, result]) => {
        if (error !== null) throw error;
        return result;
      });
    });
  }

  readonly #tell = () => void this.emit('events');

  readonly #onMessage = (_channel: string, message: string) => {
    if (message === NEW_STREAMS) this.emit('streams');
    this.emit('events');
  };

  #connection(url: string, extra: { commandTimeout?: number }): Redis {
    const redis = new Redis(url, {
      lazyConnect: true,
      // Replies of one shape, also to commands that are sent by their names.
      protocol: 2,
      connectTimeout: 5000,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      retryStrategy: (times) => (this.#started ? Math.min(100 * 2 ** Math.min(times, 5), 2000) : null),
      ...extra,
    });
    redis.on('error', (error: Error) => {
      if (this.#started && this.#failure === null)
        this.#logger.error({ err: error }, 'the connection to Redis was lost');
      this.#failure = error.message;
    });
    redis.on('ready', () => {
      if (this.#failure !== null) this.#logger.info('the connection to Redis is back');
      this.#failure = null;
    });
    return redis;
  }
}

const outage = (reason: string, cause?: unknown): ApiError =>
  dependencyAway('redis', `Redis cannot be used at the moment (${reason}). The server tries again by itself.`, cause);
