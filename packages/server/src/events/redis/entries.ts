import { toIso } from '../../kernel/clock.ts';
import type { StreamEvent } from '../streams.ts';

/** An entry as Redis gives it: its id, and names and values in turn. */
export type Entry = [id: string, fields: string[] | null];

export interface EntryEvent {
  readonly topic: string;
  readonly source: string | null;
  readonly eventId: string;
  /** Epoch milliseconds. */
  readonly publishedAt: number;
  /** Data as JSON. */
  readonly json: string;
}

const FIELD = 'e';

/** The name and the value of an entry: one JSON list, which costs less than a field for each member. */
export const toFields = ({ topic, source, eventId, publishedAt, json }: EntryEvent): [string, string] => [
  FIELD,
  `[${JSON.stringify(topic)},${JSON.stringify(source)},"${eventId}",${publishedAt},${json}]`,
];

/** The event of an entry; null for one that is not ours, or deleted. */
export function fromEntry(stream: string, [id, fields]: Entry): StreamEvent | null {
  if (fields?.[0] !== FIELD || fields[1] === undefined) return null;
  const [topic, source, eventId, publishedAt, data] = JSON.parse(fields[1]) as [
    string,
    string | null,
    string,
    number,
    unknown,
  ];
  return { id, stream, topic, data, source, eventId, publishedAt: toIso(publishedAt) };
}

/** Puts the events of several streams into one order: each stream keeps its own, and of their heads the oldest goes first. */
export function merged(streams: readonly StreamEvent[][]): StreamEvent[] {
  const queues = streams.filter((events) => events.length > 0).map((events) => ({ events, at: 0 }));
  if (queues.length === 1) return queues[0]!.events;
  const all: StreamEvent[] = [];
  for (;;) {
    let first: (typeof queues)[number] | null = null;
    for (const queue of queues) {
      const head = queue.events[queue.at];
      if (head !== undefined && (first === null || isBefore(head, first.events[first.at]!))) first = queue;
    }
    if (first === null) return all;
    all.push(first.events[first.at++]!);
  }
}

const isBefore = (a: StreamEvent, b: StreamEvent): boolean =>
  a.publishedAt < b.publishedAt || (a.publishedAt === b.publishedAt && a.eventId < b.eventId);
