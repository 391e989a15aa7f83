import { hostname } from 'node:os';
import { BaseBackgroundPlugin } from '@ordinaut/kit';
import { Redis } from 'ioredis';
import { optional, text, topic, url, whole } from './parts/config-fields.ts';
import { messageOf } from './parts/message-of.ts';
import { backoffMs, pause } from './parts/pause.ts';
import { type ConfigOf, readConfig } from './parts/read-config.ts';
import { isRefusal } from './parts/refusal.ts';
import { claimedEntries, consumersIn, dataOf, readEntries, type StreamEntry } from './parts/stream-entries.ts';

const fields = {
  url: url(['redis', 'rediss'], { default: 'redis://127.0.0.1:6379', isSecret: true }),
  stream: text('the key of a stream'),
  group: text('the name of a consumer group', { default: 'ordinaut' }),
  consumer: optional(text('a name that no other process of the group has')),
  topic: topic(),
  batch: whole(1, 10_000, 100),
  claimAfterMs: whole(100, 86_400_000, 60_000),
  forgetAfterMs: whole(1000, 604_800_000, 3_600_000),
  deadLetterStream: optional(text('the key of a stream')),
  deadLetterLimit: whole(1, 10_000_000, 10_000),
};

/** One read waits so long for new entries, milliseconds; the end of the plugin waits for it. */
const BLOCK_MS = 1000;
/** Deletes a consumer, unless something has become pending for it meanwhile, which would be lost with it. */
const FORGET = `
if #redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2]) > 0 then return 0 end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 1`;
/** Longest the end waits for a Redis that does not answer, milliseconds. */
const END_MS = 5000;

/**
 * Publishes the entries of a Redis stream, at least once each.
 *
 *   read for this consumer (pending) ──publish──> stored ──XACK──> done
 *                  └── refused for good ──XADD──> dead letters ──XACK──> done
 *
 * Whatever fails on the way ends the connection. The next one begins with what is pending for this consumer; what is pending for one
 * that has died is claimed after `claimAfterMs`.
 */
export class RedisSourcePlugin extends BaseBackgroundPlugin {
  readonly #stop = new AbortController();
  readonly #counts = { published: 0, refused: 0, claimed: 0 };
  #config!: ConfigOf<typeof fields>;
  #consumer = '';
  #redis: Redis | null = null;
  /** What the present connection broke by. */
  #lost: Error | null = null;
  #isConnected = false;
  #work: Promise<void> | null = null;

  override initialize(): void {
    this.#config = readConfig(this.app, fields);
    this.#consumer = this.#config.consumer ?? `${hostname()}-${process.pid}`;
    const status = () => ({ body: { connected: this.#isConnected, consumer: this.#consumer, ...this.#counts } });
    this.addRoute('/status', status, { methods: ['get'] });
  }

  override start(): void {
    this.#work = this.#keepReading();
  }

  override async close(): Promise<void> {
    this.#stop.abort();
    const timer = setTimeout(() => this.#redis?.disconnect(), END_MS);
    await this.#work;
    clearTimeout(timer);
  }

  async #keepReading(): Promise<void> {
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#serve(() => {
          failures = 0;
        });
      } catch (error) {
        const waitMs = backoffMs(failures++);
        this.logger.warn(
          { reason: messageOf(this.#lost ?? error), retry_in_ms: waitMs },
          'the stream of Redis cannot be read',
        );
        await pause(waitMs, signal);
      }
    }
  }

  /** Works on one connection until the end. @throws whatever ended it. */
  async #serve(onProgress: () => void): Promise<void> {
    const redis = this.#open();
    this.#lost = null;
    try {
      await redis.connect();
      await this.#makeGroup(redis);
      await this.#forgetGone(redis);
      this.#isConnected = true;
      this.logger.info({ stream: this.#config.stream, consumer: this.#consumer }, 'the stream of Redis is read');
      await this.#read(redis, onProgress);
    } finally {
      this.#isConnected = false;
      redis.disconnect();
    }
  }

  /** A connection that never comes back by itself: a new one has to begin with what is pending. */
  #open(): Redis {
    const redis = new Redis(this.#config.url, {
      lazyConnect: true,
      protocol: 2,
      retryStrategy: () => null,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 10_000,
      // A server that is frozen is noticed, too.
      socketTimeout: 15_000,
    });
    // A command that fails with the connection says only that it is closed.
    redis.on('error', (error) => {
      this.#lost = error;
    });
    this.#redis = redis;
    return redis;
  }

  /** The group gets everything that the stream holds. */
  async #makeGroup(redis: Redis): Promise<void> {
    const { stream, group } = this.#config;
    try {
      await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM');
    } catch (error) {
      if (!messageOf(error).startsWith('BUSYGROUP')) throw error;
    }
  }

  /** Processes that were killed have left their names in the group. One that only slept gets its name back with its next read. */
  async #forgetGone(redis: Redis): Promise<void> {
    const { stream, group, forgetAfterMs } = this.#config;
    try {
      for (const { name, pending, idleMs } of consumersIn(await redis.xinfo('CONSUMERS', stream, group)))
        if (pending === 0 && idleMs > forgetAfterMs && name !== this.#consumer)
          await redis.eval(FORGET, 1, stream, group, name);
    } catch (error) {
      // This user may lack the commands, and can read the stream all the same.
      this.logger.warn({ reason: messageOf(error), group }, 'consumers of Redis that are gone are not forgotten');
    }
  }

  async #read(redis: Redis, onProgress: () => void): Promise<void> {
    const { signal } = this.#stop;
    const { stream, group, batch, claimAfterMs } = this.#config;
    const from = (after: string): Promise<StreamEntry[]> =>
      redis
        .xreadgroupBuffer('GROUP', group, this.#consumer, 'COUNT', batch, 'BLOCK', BLOCK_MS, 'STREAMS', stream, after)
        .then(readEntries);
    for (let after: string | undefined = '0'; after !== undefined && !signal.aborted; ) {
      const entries = await from(after);
      await this.#deliver(redis, entries);
      after = entries.at(-1)?.id;
    }
    for (let claimAt = 0; !signal.aborted; onProgress()) {
      if (performance.now() >= claimAt) {
        await this.#claim(redis);
        claimAt = performance.now() + claimAfterMs / 2;
      }
      await this.#deliver(redis, await from('>'));
    }
    await this.#leave(redis);
  }

  /** Takes over what other consumers have had for too long. */
  async #claim(redis: Redis): Promise<void> {
    const { stream, group, batch, claimAfterMs } = this.#config;
    for (let cursor = '0-0'; !this.#stop.signal.aborted; ) {
      // The library has no method that answers bytes.
      const reply = await redis.callBuffer(
        'XAUTOCLAIM',
        stream,
        group,
        this.#consumer,
        String(claimAfterMs),
        cursor,
        'COUNT',
        String(batch),
      );
      const claimed = claimedEntries(reply);
      this.#counts.claimed += claimed.entries.length;
      await this.#deliver(redis, claimed.entries);
      cursor = claimed.cursor;
      if (cursor === '0-0') return;
    }
  }

  /** Publishes entries and acknowledges those that are stored or can never be. @throws what publishing one of the others threw. */
  async #deliver(redis: Redis, entries: readonly StreamEntry[]): Promise<void> {
    const { stream, group, topic } = this.#config;
    if (entries.length === 0) return;
    const done: string[] = [];
    let failure: { reason: unknown } | null = null;
    const outcomes = await Promise.allSettled(
      // An entry that was deleted while it was pending is nothing to publish.
      entries.map(async (entry) => (entry.fields === null ? null : this.app.events.publish(topic, dataOf(entry)))),
    );
    for (const [index, outcome] of outcomes.entries()) {
      const entry = entries[index]!;
      if (outcome.status === 'fulfilled') {
        if (outcome.value !== null) this.#counts.published++;
      } else if (isRefusal(outcome.reason)) {
        await this.#putAside(redis, entry, outcome.reason);
      } else {
        failure ??= outcome;
        continue;
      }
      done.push(entry.id);
    }
    if (done.length > 0) await redis.xack(stream, group, ...done);
    if (failure !== null) throw failure.reason;
  }

  async #putAside(redis: Redis, entry: StreamEntry, error: Error): Promise<void> {
    const { stream, deadLetterStream = `${stream}:dead`, deadLetterLimit } = this.#config;
    this.logger.warn(
      { id: entry.id, reason: error.message, dead_letter_stream: deadLetterStream },
      'an entry of the stream of Redis is refused',
    );
    const about = ['dead_letter_id', entry.id, 'dead_letter_reason', error.message];
    await redis.xadd(deadLetterStream, 'MAXLEN', '~', deadLetterLimit, '*', ...about, ...(entry.fields ?? []));
    this.#counts.refused++;
  }

  /** A name that was made up is not left behind, unless something is pending for it. */
  async #leave(redis: Redis): Promise<void> {
    const { stream, group, consumer } = this.#config;
    if (consumer !== undefined) return;
    const pending = await redis.xpending(stream, group, '-', '+', 1, this.#consumer);
    if (pending.length === 0) await redis.xgroup('DELCONSUMER', stream, group, this.#consumer);
  }
}
