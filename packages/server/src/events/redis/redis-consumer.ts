import type { Clock } from '../../kernel/clock.ts';
import { messageOf } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { compileTopicGlob } from '../../kernel/topic-glob.ts';
import { Wakeup } from '../../kernel/wakeup.ts';
import { deliver } from '../deliver.ts';
import type { StreamEvent, Subscription } from '../streams.ts';
import { HandedOut, type Handout, type Taken } from './handed-out.ts';
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
 * acknowledged (XACK), an entry when all its events are done. What a dead process has left is taken over (XAUTOCLAIM) once it has
 * been idle for the lease, and goes on where a note says that it stood.
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
        if (entries.length > 0) {
          const ids = entries.map(([id]) => id);
          const progress = await groups.progress(stream, group, ids);
          await this.#work([{ stream, entries, progress }], stop, { suspect });
        }
        if (stop.aborted) return 0;
      }
    }
    const read = await groups.read(this.#streams, group, owner);
    if (read.length === 0) return Math.min(IDLE_MS, Math.max(1, this.#lookAt - clock.monotonic()));
    await this.#work(read, stop, null);
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

  /** @param takenOver what is known of entries that were with another: the one at which a dead process stood. */
  async #work(taken: readonly Taken[], stop: AbortSignal, takenOver: { suspect: string | null } | null): Promise<void> {
    const { groups, clock, logger, owner, leaseMs } = this.#deps;
    const { group } = this.#subscription;
    const work = new HandedOut(groups, group, taken, this.#matches);
    let present: Handout | null = null;
    let gone = new AbortController();
    let signal = AbortSignal.any([stop, gone.signal]);
    const renew = async () => {
      await work.renew(owner);
      if (present?.lost) gone.abort();
    };
    const renewal = setInterval(() => {
      renew().catch((error) =>
        logger.warn({ reason: messageOf(error) }, 'events could not be kept from others just now'),
      );
    }, leaseMs / 3);
    let toldAt = clock.monotonic();
    const tell = async () => {
      await this.#untilStored(() => work.tell(present), signal);
      toldAt = clock.monotonic();
    };
    try {
      for (const handout of work.handouts) {
        if (stop.aborted) break;
        if (handout.lost) continue;
        present = handout;
        if (gone.signal.aborted) {
          gone = new AbortController();
          signal = AbortSignal.any([stop, gone.signal]);
        }
        const failures = takenOver === null ? null : await this.#failures(handout, takenOver.suspect);
        while (handout.done < handout.events.length && !signal.aborted) {
          const handled = await this.#handle(handout, failures?.[handout.done] ?? 0, signal, tell);
          if (!handled) break;
          handout.done += 1;
          // What was with another may have killed it: from here on it must be plain which event it was.
          const now = takenOver !== null || clock.monotonic() - toldAt >= ACK_MS;
          if (handout.done === handout.events.length) work.finish(handout);
          if (now) await tell();
        }
      }
      if (work.handouts.some(({ lost }) => lost))
        logger.warn({ group }, 'events were taken over by another process: this one stood still too long');
      await this.#untilStored(() => work.tell(present), stop);
      if (stop.aborted) await work.release().catch(() => {});
    } finally {
      present = null;
      clearInterval(renewal);
    }
  }

  /** How often the events of an entry have failed, with the one at which a dead process stood. */
  async #failures({ stream, id, events }: Handout, suspect: string | null): Promise<number[]> {
    const { groups } = this.#deps;
    const { group } = this.#subscription;
    if (id === suspect) await groups.countFailure(stream, group, events[0]!.id);
    const ids = events.map((event) => event.id);
    return groups.failures(stream, group, ids);
  }

  /** Hands the next event of an entry to the handler; false: it is not handled, because nobody wants it here any more. */
  async #handle(handout: Handout, before: number, signal: AbortSignal, tell: () => Promise<void>): Promise<boolean> {
    const { groups, clock, logger, bury } = this.#deps;
    const { group } = this.#subscription;
    const { stream } = handout;
    const event = handout.events[handout.done]!;
    let failures = before;
    const verdict = await deliver(event, this.#subscription, {
      failures,
      signal,
      clock,
      logger,
      onFailure: async (count) => {
        failures = count;
        // Who takes it over begins here.
        await tell();
        return this.#untilStored(() => groups.countFailure(stream, group, event.id), signal);
      },
    });
    if (verdict.kind === 'stopped') return false;
    if (verdict.kind === 'dead') {
      const buried = await this.#untilStored(() => bury(event, verdict.reason, verdict.failures), signal);
      if (!buried) return false;
    }
    if (failures > 0) await this.#untilStored(() => groups.forgetFailures(stream, group, event.id), signal);
    return true;
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
