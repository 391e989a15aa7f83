import { newId } from '../kernel/ids.ts';
import { CORE_STREAM, eventUuid, type NewBlock, type TriggeredRun } from '../storage/event-log.ts';
import { chainOf } from './chain-of.ts';
import { isDeadLetterStream, type NewEvent } from './streams.ts';
import type { TriggerSet } from './trigger.ts';

/** An event with its data as JSON. */
export interface PreparedEvent {
  readonly event: NewEvent;
  readonly json: string;
}

/** Where an event stands among the blocks of its batch. */
export interface Place {
  readonly block: number;
  readonly index: number;
}

/** Puts events that follow each other and are of one kind into one block; their order stays. */
export function toBlocks(events: readonly PreparedEvent[], now: number): { blocks: NewBlock[]; places: Place[] } {
  const places: Place[] = [];
  const open: { event: NewEvent; json: string[] }[] = [];
  for (const { event, json } of events) {
    let last = open.at(-1);
    if (last === undefined || !isSameKind(last.event, event)) {
      last = { event, json: [] };
      open.push(last);
    }
    last.json.push(json);
    places.push({ block: open.length - 1, index: last.json.length - 1 });
  }
  const blocks = open.map(({ event, json }) => ({
    id: newId(),
    stream: event.stream ?? CORE_STREAM,
    topic: event.topic,
    source: event.source,
    chain: event.chain ?? 0,
    n: json.length,
    events: `[${json.join(',')}]`,
    publishedAt: now,
  }));
  return { blocks, places };
}

const isSameKind = (a: NewEvent, b: NewEvent): boolean =>
  a.stream === b.stream && a.topic === b.topic && a.source === b.source && a.chain === b.chain;

/** The runs that the events of blocks start. */
export function runsOf(blocks: readonly NewBlock[], set: TriggerSet): (TriggeredRun & { readonly taskId: string })[] {
  return blocks.flatMap((block) => {
    if (isDeadLetterStream(block.stream) || !set.watches(block.topic)) return [];
    const { id, topic, source, publishedAt } = block;
    return (JSON.parse(block.events) as unknown[]).flatMap((data, index) => {
      const chain = chainOf(topic, data, block.chain);
      const started = set.runsOf({ topic, data, source, eventId: eventUuid(id, index), publishedAt, chain });
      return started.map(({ taskId, run, event }) => ({ taskId, run, event, block: id, index }));
    });
  });
}
