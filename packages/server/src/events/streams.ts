/**
 * Event streams: what is published once and read by many.
 *
 *   publish ──> stream (`core`, `ext:{id}:events:{topic}`, `dead:{group}`) ──> consumer groups: each event once per group
 *                                                                          └─> followers: each sees every event
 *
 * There are two implementations of one contract: the log in the database, and Redis. Patterns are globs of topics (see
 * kernel/topic-glob.ts) and look at the topic alone, whatever the stream; dead letters match no pattern.
 */

import type { Service } from '../kernel/service.ts';

export { CORE_STREAM } from '../storage/event-log.ts';

/** Key of the stream that an extension publishes a topic on. */
export const extensionStream = (extension: string, topic: string): string => `ext:${extension}:events:${topic}`;

const DEAD = 'dead:';
/** Key of the stream where the events go that a group could not handle. */
export const deadLetterStream = (group: string): string => `${DEAD}${group}`;
export const isDeadLetterStream = (stream: string): boolean => stream.startsWith(DEAD);

/** One event, as every reader gets it. */
export interface StreamEvent {
  /** Rises strictly within its stream: `<milliseconds>-<number>`. */
  readonly id: string;
  readonly stream: string;
  /** Names joined by dots. */
  readonly topic: string;
  /** JSON. */
  readonly data: unknown;
  /** Who published it: `core`, `api`, `ext.<id>`, or the id of an agent. */
  readonly source: string | null;
  /** UUIDv7. The same when an event has to be delivered again. */
  readonly eventId: string;
  /** Instant, ISO 8601. */
  readonly publishedAt: string;
  /** Runs started by events that led to it; absent: none. */
  readonly chain?: number;
}

/** What a dead letter carries. */
export interface DeadLetter {
  readonly group: string;
  /** What the handler said the last time. */
  readonly reason: string;
  readonly failures: number;
  readonly event: StreamEvent;
}

/** A reader has missed events: those after `after` are no longer kept, or nobody knows that id. */
export interface StreamGap {
  readonly gap: true;
  readonly after: string;
  /** Id of the oldest event that is kept; null where there is none. */
  readonly oldest: string | null;
}

export interface NewEvent {
  readonly topic: string;
  /** JSON, at most 256 KiB as text. */
  readonly data: unknown;
  readonly source: string | null;
  /** Default: `core`. */
  readonly stream?: string;
  /** Runs started by events that led to this one; default 0. What is started by it gets one more. */
  readonly chain?: number;
}

export interface Published {
  /** The event as it is stored. */
  readonly event: StreamEvent;
  /** Ids of the tasks that it has started runs of. */
  readonly triggeredTasks: readonly string[];
}

export interface Subscription {
  /**
   * Name of the consumer group, 1 to 200 characters: all subscribers with one name, in any number of processes, share the events.
   * A group that is new begins with what is published from now on; one that is known goes on where it stopped.
   */
  readonly group: string;
  /** Glob of topics. Another one than before holds for what has not been handed out yet. */
  readonly pattern: string;
  /**
   * Handles an event; in order, one at a time. One that throws gets the event again after 250 ms, 1 s, 4 s and 16 s; after five
   * failures, counted across processes, the event goes to the stream `dead:{group}`.
   *
   * @param signal aborted when the subscription ends. What is thrown after that is no failure: the event is handed back.
   */
  handler(event: StreamEvent, signal: AbortSignal): unknown;
}

/** Ends a subscription: the event under way is finished, what was taken beyond it is handed back. A second call does nothing. */
export type Unsubscribe = () => Promise<void>;

export interface Selection {
  readonly stream: string;
  /** Glob of topics; default: all. */
  readonly pattern?: string;
}

export interface FollowStreamOptions {
  /** Id of the last event that was seen; `0-0`: from the oldest that is kept; null: from now on. */
  readonly after: string | null;
  readonly signal: AbortSignal;
}

export interface TopicSummary {
  readonly topic: string;
  readonly stream: string;
  /** Events published under it, also those that are no longer kept. */
  readonly count: number;
  readonly lastId: string;
  /** Instant, ISO 8601. */
  readonly lastPublishedAt: string;
}

/** The streams of a server. Everything here throws ApiError `unavailable` while the store of the events cannot be reached. */
export interface EventStreams {
  /** Stores an event, with the runs that it starts; when the promise resolves it survives everything that the store does. */
  publish(event: NewEvent): Promise<Published>;
  /**
   * Begins to hand events to a handler. An outage of the store interrupts it and is waited out.
   *
   * @throws ApiError `bad_request` for a pattern or a group that cannot be.
   */
  subscribe(subscription: Subscription): Promise<Unsubscribe>;
  /**
   * Every event of a stream after an id, and then as they come. Ends without an error when the signal is aborted.
   *
   * @throws ApiError `bad_request` for a pattern that cannot be.
   */
  follow(selection: Selection, options: FollowStreamOptions): AsyncIterable<StreamEvent | StreamGap>;
  /** Id of the newest event of a stream; `0-0` where there is none. */
  head(stream: string): Promise<string>;
  /** The newest events of all streams without the dead letters, the newest first. */
  recent(count: number): Promise<StreamEvent[]>;
  /** Every topic there are events of, by name. */
  topics(): Promise<TopicSummary[]>;
  /** Deletes the events that are older; answers how many went. @param before epoch milliseconds. */
  cleanup(before: number): Promise<number>;
}

/** Streams as the server keeps them: to be started, stopped, and kept small. */
export interface OpenStreams extends EventStreams, Service {
  readonly kind: 'sql' | 'redis';
  /** What is wrong; null while all is well. */
  readonly failure: string | null;
  /**
   * Takes away what is older than an instant and the oldest beyond `keep` events (in Redis: beyond so many entries of each stream, of
   * which one carries what was published together); forgets groups that have not read since. Answers how many events went.
   */
  retain(before: number, keep: number, signal: AbortSignal): Promise<number>;
}
