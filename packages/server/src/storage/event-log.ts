import type { NewRun } from './run-queue.ts';

/**
 * The log of events.
 *
 *   noted ──sequence──> in the log         append ──> in the log            (the database carries the events)
 *   noted, outbox ──hold──> sent ──drop──> (none)                           (Redis carries them)
 *
 * What changes a run or a task *notes* its event in the same transaction, without waiting for anybody. `sequence` puts what is
 * noted into the log, together with the runs that it starts; `append` does both at once. Only there the one row of `event_state` is
 * held, so that positions rise in the order of the commits and a reader that has seen one position has seen all below it.
 *
 * The runs were found with the tasks of one version; the same transaction looks whether it is still the present one.
 */
export interface EventLog {
  /** Stores events and the runs they start. Null: the tasks have changed, find the runs again. */
  append(order: AppendOrder): Promise<EventId[] | null>;
  /** Stores events and the runs they start, without putting them into the log: they wait for the transport, held by the caller. */
  appendToOutbox(order: AppendOrder & { readonly holdMs: number }): Promise<boolean>;
  /** Noted blocks, the oldest first. */
  noted(limit: number): Promise<NotedBlock[]>;
  /**
   * Puts noted blocks into the log.
   *
   * @param order.blocks their ids; `all`: everything noted, which starts no runs.
   * @returns how many blocks; null: the tasks have changed, find the runs again.
   */
  sequence(order: SequenceOrder): Promise<number | null>;
  /** Stores the runs that noted blocks start, once. False: the tasks have changed, find the runs again. */
  settleNoted(order: SequenceOrder & { readonly blocks: readonly string[] }): Promise<boolean>;
  /** Takes noted blocks that nobody holds, to carry them to the transport. */
  hold(limit: number, holdMs: number): Promise<NotedBlock[]>;
  /** Forgets blocks that the transport has. */
  drop(ids: readonly string[]): Promise<void>;
}

/** The stream of the core's topics and of `POST /events`. */
export const CORE_STREAM = 'core';

/** The id of an event within its stream. */
export interface EventId {
  readonly ms: number;
  readonly seq: number;
}

/** Events of one topic, stream and source, to be stored. */
export interface NewBlock {
  /** UUIDv7; the ids of its events follow from it. */
  readonly id: string;
  readonly stream: string;
  readonly topic: string;
  readonly source: string | null;
  readonly chain: number;
  readonly n: number;
  /** JSON list of their data. */
  readonly events: string;
  readonly publishedAt: number;
}

/** A run that an event starts; its params become `{event: {id, ...event}}`. */
export interface TriggeredRun {
  readonly run: NewRun;
  /** Of the block. */
  readonly block: string;
  /** Of the event in the block. */
  readonly index: number;
  readonly event: Readonly<Record<string, unknown>>;
}

interface Order {
  /** Of the tasks by which the runs were found. */
  readonly version: number;
  readonly runs: readonly TriggeredRun[];
  readonly now: number;
}

export interface AppendOrder extends Order {
  readonly blocks: readonly NewBlock[];
}

export interface SequenceOrder extends Order {
  readonly blocks: readonly string[] | 'all';
}

export interface NotedBlock extends NewBlock {
  /** Whether the runs that it starts are stored. */
  readonly settled: boolean;
}

/** The params of a triggered run. The id is null where the transport gives it later. */
export const paramsOf = ({ event }: TriggeredRun, id: string | null): string =>
  JSON.stringify({ event: { id, ...event } });

/** Where an event stands in its stream, as its readers see it. */
export const formatEventId = ({ ms, seq }: EventId, index = 0): string => `${ms}-${seq + index}`;

/** @returns null for what is no id. */
export function parseEventId(text: string): EventId | null {
  const parts = /^(\d{1,15})-(\d{1,15})$/.exec(text);
  return parts === null ? null : { ms: Number(parts[1]), seq: Number(parts[2]) };
}

const LOW = 0x1_0000_0000_0000;

/** The UUID of an event of a block: that of the block, counted up in its last 48 bits, so that a block stores only one. */
export function eventUuid(block: string, index: number): string {
  if (index === 0) return block;
  const low = (Number.parseInt(block.slice(24), 16) + index) % LOW;
  return block.slice(0, 24) + low.toString(16).padStart(12, '0');
}
