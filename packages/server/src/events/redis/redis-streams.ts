import { type Clock, toIso } from '../../kernel/clock.ts';
import { badRequest } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { TopicGlobError } from '../../kernel/topic-glob.ts';
import { CORE_STREAM, eventUuid, type NewBlock, type TriggeredRun } from '../../storage/event-log.ts';
import type { Store } from '../../storage/store.ts';
import { type Place, type PreparedEvent, runsOf, toBlocks } from '../blocks.ts';
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
import { type Entry, eventsOf, fitting, idsOf, merged, toEntries } from './entries.ts';
import { followStream } from './follow-stream.ts';
import { NEW_STREAMS, RedisClient } from './redis-client.ts';
import { RedisConsumer } from './redis-consumer.ts';
import { RedisGroups } from './redis-groups.ts';
import { HOLD_MS, Relay } from './relay.ts';
import { keepSmall, retainStreams, trimStreams } from './trim.ts';

const LEASE_MS = 30_000;
/** Batches under way at a time; Redis takes them in the order in which they are sent. */
const LANES = 2;
/** How often the newest id of each topic is written down, in milliseconds. */
const TELL_MS = 100;
/** Entries of a stream that are looked through at a time for what is recent. */
const LOOK = 50;

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

/**
 * Streams in Redis. What is published together is one entry of its stream: see `entries.ts`.
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
  readonly #direct: Collector<PreparedEvent, Published>;
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
    this.#direct = new Collector({ send: (events) => this.#sendAlone(events), lanes: LANES });
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
    const { stream = CORE_STREAM, topic, data = null } = event;
    const json = JSON.stringify(data);
    if (!isDeadLetterStream(stream)) {
      const set = await this.#deps.trigger.current();
      if (stream === CORE_STREAM || set.watches(topic)) return this.#recorded.add({ event, json }, json.length);
    }
    return this.#direct.add({ event, json }, json.length);
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

  async head(stream: string): Promise<string> {
    const key = this.#client.streamKey(stream);
    const [entry] = await this.#client.guarded((redis) => redis.xrevrange(key, '+', '-', 'COUNT', 1));
    return entry === undefined ? '0-0' : (eventsOf(stream, entry).at(-1)?.id ?? '0-0');
  }

  async recent(count: number): Promise<StreamEvent[]> {
    const streams = await this.#groups.streams();
    const found = streams.map((stream) => ({ stream, before: '+', events: [] as StreamEvent[] }));
    for (let open = found; open.length > 0; ) {
      const pages = await this.#client.pipelined(
        open.map(({ stream, before, events }) => {
          const missing = Math.min(LOOK, count - events.length);
          return ['xrevrange', this.#client.streamKey(stream), before, '-', 'COUNT', missing];
        }),
      );
      open = open.filter((each, at) => {
        const page = pages[at] as Entry[];
        const oldest = page.at(-1)?.[0];
        each.events = [...page.toReversed().flatMap((entry) => eventsOf(each.stream, entry)), ...each.events];
        each.before = `(${oldest}`;
        return oldest !== undefined && each.events.length < count;
      });
    }
    return merged(found.map(({ events }) => events))
      .toReversed()
      .slice(0, count);
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
    const stored = await this.#send(blocks);
    // What cannot be forgotten now is sent again by the relay, with the same `eventId`.
    await store.events.drop(blocks.map((block) => block.id)).catch(() => {});
    return events.map((event, at) => {
      const place = places[at]!;
      const mine = runs.filter((run) => run.block === blocks[place.block]!.id && run.index === place.index);
      return { event: stored(event, place), triggeredTasks: mine.map((run) => run.taskId) };
    });
  }

  /** To Redis alone. */
  async #sendAlone(events: readonly PreparedEvent[]): Promise<Published[]> {
    const { blocks, places } = toBlocks(events, this.#deps.clock.now());
    const stored = await this.#send(blocks);
    return events.map((event, at) => ({ event: stored(event, places[at]!), triggeredTasks: [] }));
  }

  async #sendBlocks(blocks: readonly NewBlock[]): Promise<void> {
    this.#client.expectReady();
    if (blocks.length > 0) await this.#send(blocks.flatMap(fitting));
  }

  /** Adds entries, in one round trip; answers what tells an event as it is stored. */
  async #send(blocks: readonly NewBlock[]): Promise<(event: PreparedEvent, place: Place) => StreamEvent> {
    const { entries, places } = toEntries(blocks);
    const counts = new Map<string, number>();
    const fresh = new Set<string>();
    for (const { stream, topic, n } of blocks) {
      const field = `${topic} ${stream}`;
      counts.set(field, (counts.get(field) ?? 0) + n);
      if (!this.#known.has(stream)) fresh.add(stream);
    }
    const results = await this.#client.pipelined([
      // First of all: an entry in a stream that nobody knows would not be found.
      ...(fresh.size > 0 ? [['sadd', this.#client.key('streams'), ...fresh]] : []),
      ...entries.map(({ stream, fields }) => ['xadd', this.#client.streamKey(stream), '*', ...fields]),
      ...entries.map(({ stream, n }) => ['hincrby', this.#client.key('sizes'), stream, n]),
      ...[...counts].map(([field, count]) => ['hincrby', this.#client.key('topics'), field, count]),
      ['publish', this.#client.key('wake'), fresh.size > 0 ? NEW_STREAMS : ''],
    ]);
    for (const stream of fresh) this.#known.add(stream);
    const [ids, totals] = parted(fresh.size > 0 ? results.slice(1) : results, entries.length);
    const heads = blocks.map(({ publishedAt }, at) => {
      const { entry, first } = places[at]!;
      return { idAt: idsOf(ids[entry]!), first, publishedAt: toIso(publishedAt) };
    });
    for (const [at, { stream, topic, publishedAt, n }] of blocks.entries()) {
      const { idAt, first } = heads[at]!;
      this.#last.set(`${topic} ${stream}`, `${idAt(first + n - 1)} ${publishedAt}`);
    }
    this.#telling ??= setTimeout(() => void this.#tellLast().catch(() => {}), TELL_MS);
    for (const [at, { stream, n }] of entries.entries()) {
      // What is not trimmed now is trimmed at the next mark.
      keepSmall(this.#client, stream, { total: totals[at]!, n, id: ids[at]! }).catch(() => {});
    }
    return ({ event: { data = null } }, { block, index }) => {
      const { stream, topic, source, id, chain } = blocks[block]!;
      const { idAt, first, publishedAt } = heads[block]!;
      const eventId = eventUuid(id, index);
      const of = chain > 0 ? { chain } : {};
      return { id: idAt(first + index), stream, topic, data, source, eventId, publishedAt, ...of };
    };
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

/** Of the replies the ids of so many entries, and the sizes of their streams. */
const parted = (replies: readonly unknown[], n: number): [ids: string[], totals: number[]] => [
  replies.slice(0, n).map(String),
  replies.slice(n, 2 * n).map(Number),
];

/** A pattern that is none is the caller's mistake. */
function checked<Result>(make: () => Result): Result {
  try {
    return make();
  } catch (error) {
    if (error instanceof TopicGlobError) throw badRequest([{ field: 'pattern', issue: error.message }]);
    throw error;
  }
}
