import { toIso } from '../../kernel/clock.ts';
import { eventUuid, type NewBlock, parseEventId } from '../../storage/event-log.ts';
import { chainOf } from '../chain-of.ts';
import type { StreamEvent } from '../streams.ts';

/**
 * One entry carries the events of a stream that were published together, as blocks of one topic and source:
 *
 *   entry 1700000000000-2   e = [["order.made","api",<uuid>,<ms>,[{…},{…}]], ["order.sent","api",<uuid>,<ms>,[{…}]]]
 *   ids of its events             1700000000000-2000, 1700000000000-2001,     1700000000000-2002
 *
 * Where runs led to a block, their number stands at its end.
 *
 * So an id rises within its stream as the entries of Redis do, and gives back the entry and the place in it.
 */

/** An entry as Redis gives it: its id, and names and values in turn. */
export type Entry = [id: string, fields: string[] | null];

type Block = [topic: string, source: string | null, id: string, publishedAt: number, data: unknown[], chain?: number];

const FIELD = 'e';
/** Events an entry has at most: what the ids have room for. */
const MAX_EVENTS = 1000;
/** Characters an entry has at most, unless one event has more. */
const MAX_LENGTH = 1_000_000;

/** What becomes one entry. */
export interface NewEntry {
  readonly stream: string;
  n: number;
  /** Names and values in turn. */
  readonly fields: [string, string];
}

/**
 * Puts blocks of the same stream together; their order stays.
 *
 * @returns places where each block stands: its entry, and the index of its first event in there.
 */
export function toEntries(blocks: readonly NewBlock[]): {
  entries: NewEntry[];
  places: { entry: number; first: number }[];
} {
  const made: { stream: string; n: number; length: number; texts: string[] }[] = [];
  const open = new Map<string, number>();
  const places = blocks.map(({ stream, topic, source, id, publishedAt, n, events, chain }) => {
    const text = `[${JSON.stringify(topic)},${JSON.stringify(source)},"${id}",${publishedAt},${events}${chain > 0 ? `,${chain}` : ''}]`;
    let at = open.get(stream);
    if (at === undefined || made[at]!.n + n > MAX_EVENTS || made[at]!.length + text.length > MAX_LENGTH) {
      at = made.push({ stream, n: 0, length: 0, texts: [] }) - 1;
      open.set(stream, at);
    }
    const entry = made[at]!;
    const place = { entry: at, first: entry.n };
    entry.n += n;
    entry.length += text.length;
    entry.texts.push(text);
    return place;
  });
  const entries = made.map(
    ({ stream, n, texts }): NewEntry => ({ stream, n, fields: [FIELD, `[${texts.join(',')}]`] }),
  );
  return { entries, places };
}

/** A block as several where it is too large for one entry; its events keep their UUIDs. */
export function fitting(block: NewBlock): NewBlock[] {
  if (block.n <= MAX_EVENTS && block.events.length <= MAX_LENGTH) return [block];
  const parts: { first: number; length: number; texts: string[] }[] = [];
  for (const [first, data] of (JSON.parse(block.events) as unknown[]).entries()) {
    const text = JSON.stringify(data);
    let last = parts.at(-1);
    if (last === undefined || last.texts.length === MAX_EVENTS || last.length + text.length > MAX_LENGTH / 2) {
      last = { first, length: 0, texts: [] };
      parts.push(last);
    }
    last.length += text.length;
    last.texts.push(text);
  }
  return parts.map(({ first, texts }) => ({
    ...block,
    id: eventUuid(block.id, first),
    n: texts.length,
    events: `[${texts.join(',')}]`,
  }));
}

/** The ids of the events of an entry. */
export function idsOf(entry: string): (index: number) => string {
  const dash = entry.indexOf('-');
  const ms = entry.slice(0, dash + 1);
  const first = Number(entry.slice(dash + 1)) * MAX_EVENTS;
  return (index) => ms + (first + index);
}

/** Where the event of an id stands; null for what is no id. */
export function placeOf(id: string): { entry: string; index: number } | null {
  const parsed = parseEventId(id);
  if (parsed === null) return null;
  return { entry: `${parsed.ms}-${Math.floor(parsed.seq / MAX_EVENTS)}`, index: parsed.seq % MAX_EVENTS };
}

const blocksOf = (fields: string[] | null): Block[] =>
  fields?.[0] === FIELD && fields[1] !== undefined ? (JSON.parse(fields[1]) as Block[]) : [];

/** How many events an entry has; none where it is not ours, or deleted. */
export const sizeOf = ([, fields]: Entry): number => blocksOf(fields).reduce((sum, block) => sum + block[4].length, 0);

/** The events of an entry whose topics are wanted, from an index on. */
export function eventsOf(
  stream: string,
  [entry, fields]: Entry,
  wants: (topic: string) => boolean = () => true,
  from = 0,
): StreamEvent[] {
  const events: StreamEvent[] = [];
  const idAt = idsOf(entry);
  let first = 0;
  for (const [topic, source, block, at, list, ofBlock = 0] of blocksOf(fields)) {
    if (first + list.length > from && wants(topic)) {
      const publishedAt = toIso(at);
      for (let index = Math.max(0, from - first); index < list.length; index++) {
        const [id, eventId] = [idAt(first + index), eventUuid(block, index)];
        const data = list[index];
        const chain = chainOf(topic, data, ofBlock);
        events.push({ id, stream, topic, data, source, eventId, publishedAt, ...(chain > 0 && { chain }) });
      }
    }
    first += list.length;
  }
  return events;
}

/** What has an instant and a UUID, by which it is put in order. */
interface Dated {
  readonly publishedAt: string;
  readonly eventId: string;
}

/** Puts the lists of several streams into one order: each keeps its own, and of their heads the oldest goes first. */
export function merged<Item extends Dated>(lists: readonly Item[][]): Item[] {
  const queues = lists.filter((items) => items.length > 0).map((items) => ({ items, at: 0 }));
  if (queues.length === 1) return queues[0]!.items;
  const all: Item[] = [];
  for (;;) {
    let first: (typeof queues)[number] | null = null;
    for (const queue of queues) {
      const head = queue.items[queue.at];
      if (head !== undefined && (first === null || isBefore(head, first.items[first.at]!))) first = queue;
    }
    if (first === null) return all;
    all.push(first.items[first.at++]!);
  }
}

const isBefore = (a: Dated, b: Dated): boolean =>
  a.publishedAt < b.publishedAt || (a.publishedAt === b.publishedAt && a.eventId < b.eventId);
