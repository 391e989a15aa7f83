import { type Clock, toIso } from '../../kernel/clock.ts';
import { badRequest } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { TopicGlobError } from '../../kernel/topic-glob.ts';
import { EventBlocks } from '../../storage/event-blocks.ts';
import { EventGroups } from '../../storage/event-groups.ts';
import { formatEventId } from '../../storage/event-log.ts';
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
import { dataOf, eventOf } from './block-events.ts';
import { followLog } from './follow-log.ts';
import { GroupConsumer } from './group-consumer.ts';
import { LogTail } from './log-tail.ts';
import { Sequencer } from './sequencer.ts';

const POLL_MS = { sqlite: 5000, postgres: 1000 } as const;
const LEASE_MS = 30_000;
/** Blocks read at a time for the newest events. */
const NEWEST = 50;

export interface SqlStreamsDeps {
  readonly store: Store;
  readonly trigger: EventTrigger;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Name of this process among those on one database. */
  readonly instance: string;
  /** How long events that a process has taken stay its own without a sign of life, in milliseconds. Default: 30,000. */
  readonly leaseMs?: number;
}

/** Streams in the log of the database. */
export class SqlStreams implements OpenStreams {
  readonly name = 'events';
  readonly kind = 'sql';
  readonly #deps: SqlStreamsDeps;
  readonly #blocks: EventBlocks;
  readonly #groups: EventGroups;
  readonly #tail: LogTail;
  readonly #sequencer: Sequencer;
  readonly #publishing: Collector<PreparedEvent, Published>;
  readonly #consumers = new Set<GroupConsumer>();
  readonly #failures = new Map<GroupConsumer, string>();
  #consumersMade = 0;

  constructor(deps: SqlStreamsDeps) {
    const { store, clock, trigger, logger } = deps;
    const pollMs = POLL_MS[store.kind];
    this.#deps = deps;
    this.#blocks = new EventBlocks(store);
    this.#groups = new EventGroups(store, clock);
    this.#tail = new LogTail({ blocks: this.#blocks, signals: store.signals, pollMs });
    this.#sequencer = new Sequencer({ store, trigger, clock, logger, pollMs });
    this.#publishing = new Collector({ send: (events) => this.#append(events) });
  }

  async start(): Promise<void> {
    this.#tail.start();
    await this.#sequencer.start();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()));
    this.#consumers.clear();
    await this.#publishing.settled();
    await this.#sequencer.stop();
    this.#tail.stop();
  }

  /** What is wrong; null while all is well. */
  get failure(): string | null {
    return this.#sequencer.failure ?? this.#failures.values().next().value ?? null;
  }

  publish(event: NewEvent): Promise<Published> {
    const json = JSON.stringify(event.data ?? null);
    return this.#publishing.add({ event, json }, json.length);
  }

  async subscribe(subscription: Subscription): Promise<Unsubscribe> {
    const { clock, logger, instance, leaseMs = LEASE_MS } = this.#deps;
    const consumer: GroupConsumer = checked(
      () =>
        new GroupConsumer(subscription, {
          groups: this.#groups,
          tail: this.#tail,
          clock,
          logger,
          owner: `${instance}:${++this.#consumersMade}`,
          leaseMs,
          bury: async (event, reason, failures) => {
            const letter: DeadLetter = { group: subscription.group, reason, failures, event };
            const { topic, source } = event;
            await this.publish({ stream: deadLetterStream(subscription.group), topic, data: letter, source });
            logger.error(
              { group: subscription.group, topic, event_id: event.id, reason },
              'an event is put to the dead letters',
            );
          },
          onState: (failure) => {
            if (failure === null) this.#failures.delete(consumer);
            else this.#failures.set(consumer, failure);
          },
        }),
    );
    await consumer.start();
    this.#consumers.add(consumer);
    return async () => {
      await consumer.stop();
      this.#consumers.delete(consumer);
      this.#failures.delete(consumer);
    };
  }

  follow(selection: Selection, options: FollowStreamOptions): AsyncIterable<StreamEvent | StreamGap> {
    const { clock, logger } = this.#deps;
    return checked(() => followLog(selection, options, { blocks: this.#blocks, tail: this.#tail, clock, logger }));
  }

  async head(stream: string): Promise<string> {
    const newest = await this.#blocks.newestOf(stream);
    return newest === undefined ? '0-0' : formatEventId(newest, newest.n - 1);
  }

  async recent(count: number): Promise<StreamEvent[]> {
    const events: StreamEvent[] = [];
    const prefix = deadLetterStream('');
    for (const block of await this.#blocks.newest(Math.min(count, 20 * NEWEST), prefix)) {
      if (events.length >= count) break;
      const all = dataOf(block).map((data, index) => eventOf(block, index, data));
      events.push(...all.toReversed());
    }
    return events.slice(0, count);
  }

  async topics(): Promise<TopicSummary[]> {
    const rows = await this.#blocks.topics();
    return rows
      .filter((row) => !isDeadLetterStream(row.stream))
      .map((row) => ({
        topic: row.topic,
        stream: row.stream,
        count: row.count,
        lastId: formatEventId({ ms: row.last_ms, seq: row.last_seq }),
        lastPublishedAt: toIso(row.last_at),
      }));
  }

  cleanup(before: number): Promise<number> {
    return this.#blocks.trim(before, 0);
  }

  /** Takes away what is older than an instant, and the oldest beyond `keep` events; forgets who has not read since. */
  async retain(before: number, keep: number, signal: AbortSignal): Promise<number> {
    const deleted = await this.#blocks.trim(before, (await this.#blocks.end()) - keep, signal);
    await this.#blocks.forget(before);
    return deleted;
  }

  async #append(events: readonly PreparedEvent[]): Promise<Published[]> {
    const { store, trigger, clock } = this.#deps;
    const now = clock.now();
    const { blocks, places } = toBlocks(events, now);
    for (let set = await trigger.current(); ; set = await trigger.refresh()) {
      const runs = runsOf(blocks, set);
      const ids = await store.events.append({ blocks, runs, version: set.version, now });
      if (ids === null) continue;
      return events.map(({ event: { data = null } }, at) => {
        const { block: which, index } = places[at]!;
        const block = blocks[which]!;
        const event = eventOf({ ...block, ...ids[which]!, published_at: now }, index, data);
        const mine = runs.filter((run) => run.block === block.id && run.index === index);
        return { event, triggeredTasks: mine.map((run) => run.taskId) };
      });
    }
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
