import { type Clock, toIso } from '../../kernel/clock.ts';
import { badRequest } from '../../kernel/errors.ts';
import { newId } from '../../kernel/ids.ts';
import type { Logger } from '../../kernel/logger.ts';
import { TopicGlobError } from '../../kernel/topic-glob.ts';
import { CORE_STREAM, eventUuid, type NewBlock, type TriggeredRun } from '../../storage/event-log.ts';
import type { Store } from '../../storage/store.ts';
import { type PreparedEvent, runsOf, toBlocks } from '../blocks.ts';
import { Collector } from '../collector.ts';
import {
  type DeadLetter,
  deadLetterStream,
  type FollowStreamOptions,
  isDeadLetterStream,
  type NewEvent,
  type OpenStreams,
  type Published,
  type Selection,
  type StreamEvent,
  type StreamGap,
  type Subscription,
  type TopicSummary,
  type Unsubscribe,
} from '../streams.ts';
import type { EventTrigger } from '../trigger.ts';
import { type Entry, type EntryEvent, fromEntry, merged, toFields } from './entries.ts';
import { followStream } from './follow-stream.ts';
import { NEW_STREAMS, RedisClient } from './redis-client.ts';
import { RedisConsumer } from './redis-consumer.ts';
import { RedisGroups } from './redis-groups.ts';
import { HOLD_MS, Relay } from './relay.ts';
import { retainStreams, trimStreams } from './trim.ts';

const LEASE_MS = 30_000;
/** Batches under way at a time; Redis takes them in the order in which they are sent. */
const LANES = 2;
/** How often the newest id of each topic is written down, in milliseconds. */
const TELL_MS = 100;
/** About so many entries a stream keeps until the next sweep. */
const MAX_ENTRIES = 1_000_000;

export interface RedisStreamsDeps {
  readonly url: string;
  /** Default: `ordinaut:`. */
  readonly prefix?: string;
  readonly store: Store;
  readonly trigger: EventTrigger;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly instance: string;
  readonly leaseMs?: number;
}

interface Outgoing extends EntryEvent {
  readonly stream: string;
}

/**
 * Streams in Redis.
 *
 * What is published on `core`, and what starts runs, is written to the database first, with its runs: that row is the record, and
 * Redis the transport; the relay sends what was left. The rest goes to Redis alone.
 */
export class RedisStreams implements OpenStreams {
  readonly name = 'events';
  readonly kind = 'redis';
  readonly #deps: RedisStreamsDeps;
  readonly #client: RedisClient;
  readonly #groups: RedisGroups;
  readonly #relay: Relay;
  readonly #recorded: Collector<PreparedEvent, Published>;
  readonly #direct: Collector<Outgoing, string>;
  readonly #consumers = new Set<RedisConsumer>();
  /** Streams that this process has made known. */
  readonly #known = new Set<string>();
  /** The newest id and instant of each topic that are not written down yet. */
  readonly #last = new Map<string, string>();
  #telling: NodeJS.Timeout | undefined;
  #consumersMade = 0;

  constructor(deps: RedisStreamsDeps) {
    const { url, prefix = 'ordinaut:', store, trigger, clock, logger } = deps;
    this.#deps = deps;
    this.#client = new RedisClient({ url, prefix, logger });
    this.#groups = new RedisGroups(this.#client);
    this.#relay = new Relay({ store, trigger, clock, logger, send: (blocks) => this.#sendBlocks(blocks) });
    this.#recorded = new Collector({ send: (events) => this.#record(events) });
    this.#direct = new Collector({ send: (events) => this.#send(events), lanes: LANES });
  }

  async start(): Promise<void> {
    await this.#client.start();
    await this.#relay.start();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()));
    this.#consumers.clear();
    await Promise.all([this.#recorded.settled(), this.#direct.settled()]);
    await this.#relay.stop();
    await this.#tellLast().catch(() => {});
    this.#client.stop();
  }

  get failure(): string | null {
    const failing = [...this.#consumers].find((consumer) => consumer.failure !== null);
    return this.#client.failure ?? this.#relay.failure ?? failing?.failure ?? null;
  }

  async publish(event: NewEvent): Promise<Published> {
    this.#client.expectReady();
    const { stream = CORE_STREAM, topic, source, data = null } = event;
    const json = JSON.stringify(data);
    if (!isDeadLetterStream(stream)) {
      const set = await this.#deps.trigger.current();
      if (stream === CORE_STREAM || set.watches(topic)) return this.#recorded.add({ event, json }, json.length);
    }
    const eventId = newId();
    const publishedAt = this.#deps.clock.now();
    const id = await this.#direct.add({ stream, topic, source, eventId, publishedAt, json }, json.length);
    const stored = { id, stream, topic, data, source, eventId, publishedAt: toIso(publishedAt) };
    return { event: stored, triggeredTasks: [] };
  }

  async subscribe(subscription: Subscription): Promise<Unsubscribe> {
    const { clock, logger, instance, leaseMs = LEASE_MS } = this.#deps;
    const { group } = subscription;
    const consumer = checked(
      () =>
        new RedisConsumer(subscription, {
          client: this.#client,
          groups: this.#groups,
          clock,
          logger,
          owner: `${instance}:${++this.#consumersMade}`,
          leaseMs,
          bury: async (event, reason, failures) => {
            const letter: DeadLetter = { group, reason, failures, event };
            const { topic, source } = event;
            await this.publish({ stream: deadLetterStream(group), topic, data: letter, source });
            logger.error({ group, topic, event_id: event.id, reason }, 'an event is put to the dead letters');
          },
        }),
    );
    await consumer.start();
    this.#consumers.add(consumer);
    return async () => {
      await consumer.stop();
      this.#consumers.delete(consumer);
    };
  }

  follow(selection: Selection, options: FollowStreamOptions): AsyncIterable<StreamEvent | StreamGap> {
    return checked(() => followStream(selection, options, { client: this.#client, clock: this.#deps.clock }));
  }

  async recent(count: number): Promise<StreamEvent[]> {
    const streams = await this.#groups.streams();
    const commands = streams.map((stream) => ['XREVRANGE', this.#client.streamKey(stream), '+', '-', 'COUNT', count]);
    const found = await this.#client.pipelined(
      commands.map(([name, ...rest]) => [String(name).toLowerCase(), ...rest]),
    );
    const events = found.map((entries, at) =>
      (entries as Entry[]).toReversed().flatMap((entry) => fromEntry(streams[at]!, entry) ?? []),
    );
    return merged(events).toReversed().slice(0, count);
  }

  async topics(): Promise<TopicSummary[]> {
    await this.#tellLast();
    const [counts, lasts] = await this.#client.guarded((redis) =>
      Promise.all([redis.hgetall(this.#client.key('topics')), redis.hgetall(this.#client.key('topics:last'))]),
    );
    const summaries = Object.entries(counts).flatMap(([field, count]) => {
      const [topic = '', stream = ''] = field.split(' ');
      const [lastId, at] = (lasts[field] ?? '').split(' ');
      if (isDeadLetterStream(stream) || !lastId) return [];
      return [{ topic, stream, count: Number(count), lastId, lastPublishedAt: toIso(Number(at)) }];
    });
    return summaries.toSorted((a, b) => (a.topic + a.stream < b.topic + b.stream ? -1 : 1));
  }

  cleanup(before: number): Promise<number> {
    return trimStreams(this.#client, before, null);
  }

  retain(before: number, keep: number): Promise<number> {
    return retainStreams(this.#client, before, keep);
  }

  /** By way of the database: see the class. */
  async #record(events: readonly PreparedEvent[]): Promise<Published[]> {
    const { store, trigger, clock } = this.#deps;
    const now = clock.now();
    const { blocks, places } = toBlocks(events, now);
    let runs: (TriggeredRun & { taskId: string })[] = [];
    for (let set = await trigger.current(); ; set = await trigger.refresh()) {
      runs = runsOf(blocks, set);
      if (await store.events.appendToOutbox({ blocks, runs, version: set.version, now, holdMs: HOLD_MS })) break;
    }
    const outgoing = events.map(({ event, json }, at) => {
      const { block, index } = places[at]!;
      const { id, stream, publishedAt } = blocks[block]!;
      return { stream, topic: event.topic, source: event.source, eventId: eventUuid(id, index), publishedAt, json };
    });
    const ids = await this.#send(outgoing);
    // What cannot be forgotten now is sent again by the relay, with the same `eventId`.
    await store.events.drop(blocks.map((block) => block.id)).catch(() => {});
    return events.map(({ event: { data = null } }, at) => {
      const { stream, topic, source, eventId, publishedAt } = outgoing[at]!;
      const event = { id: ids[at]!, stream, topic, data, source, eventId, publishedAt: toIso(publishedAt) };
      const { block, index } = places[at]!;
      const mine = runs.filter((run) => run.block === blocks[block]!.id && run.index === index);
      return { event, triggeredTasks: mine.map((run) => run.taskId) };
    });
  }

  async #sendBlocks(blocks: readonly NewBlock[]): Promise<void> {
    this.#client.expectReady();
    const outgoing = blocks.flatMap(({ id, stream, topic, source, publishedAt, events }) =>
      (JSON.parse(events) as unknown[]).map((data, index) => {
        const json = JSON.stringify(data);
        return { stream, topic, source, eventId: eventUuid(id, index), publishedAt, json };
      }),
    );
    if (outgoing.length > 0) await this.#send(outgoing);
  }

  /** Adds entries, in one round trip; answers their ids. */
  async #send(events: readonly Outgoing[]): Promise<string[]> {
    const counts = new Map<string, number>();
    const fresh = new Set<string>();
    for (const { stream, topic } of events) {
      const field = `${topic} ${stream}`;
      counts.set(field, (counts.get(field) ?? 0) + 1);
      if (!this.#known.has(stream)) fresh.add(stream);
    }
    const results = await this.#client.pipelined([
      // First of all: an entry in a stream that nobody knows would not be found.
      ...(fresh.size > 0 ? [['sadd', this.#client.key('streams'), ...fresh]] : []),
      ...events.map((event) => {
        const key = this.#client.streamKey(event.stream);
        return ['xadd', key, 'MAXLEN', '~', MAX_ENTRIES, '*', ...toFields(event)];
      }),
      ...[...counts].map(([field, count]) => ['hincrby', this.#client.key('topics'), field, count]),
      ['publish', this.#client.key('wake'), fresh.size > 0 ? NEW_STREAMS : ''],
    ]);
    for (const stream of fresh) this.#known.add(stream);
    const ids = results.slice(fresh.size > 0 ? 1 : 0).slice(0, events.length) as string[];
    for (const [at, { stream, topic, publishedAt }] of events.entries())
      this.#last.set(`${topic} ${stream}`, `${ids[at]} ${publishedAt}`);
    this.#telling ??= setTimeout(() => void this.#tellLast().catch(() => {}), TELL_MS);
    return ids;
  }

  /** Writes down the newest id of each topic. */
  async #tellLast(): Promise<void> {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    if (this.#last.size === 0) return;
    const fields = [...this.#last].flat();
    this.#last.clear();
    await this.#client.pipelined([['hset', this.#client.key('topics:last'), ...fields]]);
  }
}

/** A pattern that is none is the caller's mistake. */
function checked<Result>(make: () => Result): Result {
  try {
    return make();
  } catch (error) {
    if (error instanceof TopicGlobError) throw badRequest([{ field: 'pattern', issue: error.message }]);
    throw error;
  }
}
