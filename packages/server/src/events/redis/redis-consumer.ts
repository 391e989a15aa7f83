import type { Clock } from '../../kernel/clock.ts';
import { messageOf } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { compileTopicGlob } from '../../kernel/topic-glob.ts';
import { Wakeup } from '../../kernel/wakeup.ts';
import { deliver } from '../deliver.ts';
import type { StreamEvent, Subscription } from '../streams.ts';
import { type Entry, fromEntry, merged } from './entries.ts';
import type { RedisClient } from './redis-client.ts';
import type { RedisGroups } from './redis-groups.ts';

const ACK_MS = 50;
const LOOK_MS = 5000;
const IDLE_MS = 60_000;
const LIST_MS = 1000;
const RETRY_MS = [100, 500, 1000, 2000] as const;

export interface RedisConsumerDeps {
  readonly client: RedisClient;
  readonly groups: RedisGroups;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly owner: string;
  readonly leaseMs: number;
  bury(event: StreamEvent, reason: string, failures: number): Promise<void>;
}

/**
 * One consumer of a group: what is new in the streams whose topics match is handed to it (XREADGROUP), handled in order and
 * acknowledged (XACK). What a dead process has left is taken over (XAUTOCLAIM) once it has been idle for the lease.
 */
export class RedisConsumer {
  readonly #deps: RedisConsumerDeps;
  readonly #subscription: Subscription;
  readonly #matches: (topic: string) => boolean;
  readonly #wakeup = new Wakeup();
  readonly #stop = new AbortController();
  #loop: Promise<void> | null = null;
  #streams: readonly string[] = [];
  readonly #joined = new Set<string>();
  #listedAt = Number.NEGATIVE_INFINITY;
  #lookAt = 0;
  #failure: string | null = null;

  /** @throws TopicGlobError */
  constructor(subscription: Subscription, deps: RedisConsumerDeps) {
    this.#subscription = subscription;
    this.#deps = deps;
    this.#matches = compileTopicGlob(subscription.pattern);
  }

  /** Why nothing can be handed out; null while it can. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Resolves when the group exists: what is published from then on is handled. */
  async start(): Promise<void> {
    await this.#deps.groups.open(this.#subscription.group);
    this.#deps.client.on('events', this.#onEvents).on('streams', this.#onStreams);
    this.#loop = this.#run(this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#deps.client.off('events', this.#onEvents).off('streams', this.#onStreams);
    await this.#loop;
  }

  readonly #onEvents = () => this.#wakeup.signal();

  readonly #onStreams = () => {
    this.#listedAt = Number.NEGATIVE_INFINITY;
  };

  async #run(stop: AbortSignal): Promise<void> {
    const { logger, groups, owner } = this.#deps;
    const { group } = this.#subscription;
    for (let failures = 0; !stop.aborted; ) {
      try {
        const waitMs = await this.#turn(stop);
        if (failures > 0) logger.info({ group }, 'events are handed out again');
        failures = 0;
        this.#failure = null;
        if (waitMs > 0) await this.#wakeup.wait(waitMs, stop);
      } catch (error) {
        if (failures === 0) logger.error({ err: error, group }, 'events cannot be handed out; it is tried again');
        this.#failure = messageOf(error);
        // Redis may have come back empty: then the group has to be made again.
        this.#joined.clear();
        this.#listedAt = Number.NEGATIVE_INFINITY;
        await this.#wakeup.wait(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]!, stop);
      }
    }
    await Promise.all([...this.#joined].map((stream) => groups.leave(stream, group, owner))).catch(() => {
      // It is forgotten with what is old.
    });
  }

  /** One step; answers how long there is nothing to do, in milliseconds. */
  async #turn(stop: AbortSignal): Promise<number> {
    const { groups, clock, owner, leaseMs } = this.#deps;
    const { group } = this.#subscription;
    const now = clock.monotonic();
    if (now - this.#listedAt >= LIST_MS) await this.#list(now);
    if (now >= this.#lookAt) {
      this.#lookAt = now + Math.min(LOOK_MS, leaseMs / 4);
      for (const stream of this.#streams) {
        const { entries, suspect } = await groups.takeOver(stream, group, owner, leaseMs);
        if (suspect !== null) await groups.countFailure(stream, group, suspect);
        if (entries.length > 0) await this.#work([{ stream, entries }], stop, true);
        if (stop.aborted) return 0;
      }
    }
    const read = await groups.read(this.#streams, group, owner);
    if (read.length === 0) return Math.min(IDLE_MS, Math.max(1, this.#lookAt - clock.monotonic()));
    await this.#work(read, stop, false);
    return 0;
  }

  /** Finds streams that are new. */
  async #list(now: number): Promise<void> {
    const { groups } = this.#deps;
    const wanted = (await groups.streams()).filter((stream) => {
      const topic = topicOf(stream);
      return topic === null || this.#matches(topic);
    });
    for (const stream of wanted) {
      if (this.#joined.has(stream)) continue;
      await groups.join(stream, this.#subscription.group);
      this.#joined.add(stream);
    }
    this.#streams = wanted;
    this.#listedAt = now;
  }

  async #work(
    read: readonly { stream: string; entries: Entry[] }[],
    stop: AbortSignal,
    takenOver: boolean,
  ): Promise<void> {
    const { groups, clock, logger, owner, leaseMs, bury } = this.#deps;
    const { group } = this.#subscription;
    const acks = new Map<string, string[]>(read.map(({ stream }) => [stream, []]));
    const left = new Map(read.map(({ stream, entries }) => [stream, new Set(entries.map(([id]) => id))]));
    const wanted = read.map(({ stream, entries }) =>
      entries.flatMap((entry) => {
        const event = fromEntry(stream, entry);
        if (event !== null && this.#matches(event.topic)) return [event];
        acks.get(stream)!.push(entry[0]);
        return [];
      }),
    );
    const flush = async () => {
      for (const [stream, ids] of acks) {
        await groups.ack(stream, group, ids);
        for (const id of ids.splice(0)) left.get(stream)!.delete(id);
      }
    };
    const lost = new Set<StreamEvent>();
    const events = merged(wanted);
    let present: StreamEvent | null = null;
    let taken = new AbortController();
    let signal = AbortSignal.any([stop, taken.signal]);
    const renew = async () => {
      for (const { stream } of read) {
        const mine = await groups.renew(stream, group, owner);
        for (const event of events) {
          if (event.stream !== stream || mine.has(event.id) || !left.get(stream)!.has(event.id)) continue;
          if (!acks.get(stream)!.includes(event.id)) lost.add(event);
        }
        if (present !== null && lost.has(present)) taken.abort();
      }
    };
    const renewal = setInterval(() => {
      renew().catch((error) =>
        logger.warn({ reason: messageOf(error) }, 'events could not be kept from others just now'),
      );
    }, leaseMs / 3);
    let ackedAt = clock.monotonic();
    try {
      for (const event of events) {
        if (stop.aborted) break;
        if (lost.has(event)) continue;
        const { stream, id } = event;
        present = event;
        if (taken.signal.aborted) {
          taken = new AbortController();
          signal = AbortSignal.any([stop, taken.signal]);
        }
        const failures = takenOver ? await groups.failures(stream, group, id) : 0;
        const verdict = await deliver(event, this.#subscription, {
          failures,
          signal,
          clock,
          logger,
          onFailure: () => this.#untilStored(() => groups.countFailure(stream, group, id), signal),
        });
        if (verdict.kind === 'stopped') {
          if (stop.aborted) break;
          continue;
        }
        if (verdict.kind === 'dead')
          await this.#untilStored(() => bury(event, verdict.reason, verdict.failures), signal);
        if (verdict.kind === 'dead' || failures > 0)
          await this.#untilStored(() => groups.forgetFailures(stream, group, id), signal);
        acks.get(stream)!.push(id);
        if (takenOver || clock.monotonic() - ackedAt >= ACK_MS) {
          await this.#untilStored(flush, signal);
          ackedAt = clock.monotonic();
        }
      }
    } finally {
      present = null;
      clearInterval(renewal);
    }
    if (lost.size > 0)
      logger.warn({ group }, 'events were taken over by another process: this one stood still too long');
    await this.#untilStored(flush, stop);
    if (!stop.aborted) return;
    for (const [stream, ids] of left) await groups.release(stream, group, [...ids]).catch(() => {});
  }

  /** Tries again while Redis is away; false: nobody wants it any more. */
  async #untilStored(store: () => Promise<unknown>, signal: AbortSignal): Promise<boolean> {
    for (let failures = 0; ; failures++) {
      try {
        await store();
        this.#failure = null;
        return true;
      } catch (error) {
        this.#failure = messageOf(error);
        await this.#deps.clock.sleep(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]!, signal).catch(() => {});
        if (signal.aborted) return false;
      }
    }
  }
}

/** The topic of a stream that has only one; null where it has many. */
export function topicOf(stream: string): string | null {
  const at = stream.indexOf(':events:');
  return stream.startsWith('ext:') && at !== -1 ? stream.slice(at + ':events:'.length) : null;
}
