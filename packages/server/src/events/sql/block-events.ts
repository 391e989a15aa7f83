import { toIso } from '../../kernel/clock.ts';
import type { LogBlock } from '../../storage/event-blocks.ts';
import { eventUuid, formatEventId } from '../../storage/event-log.ts';
import { chainOf } from '../chain-of.ts';
import type { StreamEvent } from '../streams.ts';

/** The data of the events of a block, in order. */
export const dataOf = (block: Pick<LogBlock, 'events'>): unknown[] => JSON.parse(block.events) as unknown[];

export const eventOf = (
  block: Omit<LogBlock, 'events' | 'position' | 'n'>,
  index: number,
  data: unknown,
): StreamEvent => {
  const chain = chainOf(block.topic, data, block.chain);
  return {
    id: formatEventId(block, index),
    stream: block.stream,
    topic: block.topic,
    data,
    source: block.source,
    eventId: eventUuid(block.id, index),
    publishedAt: toIso(block.published_at),
    ...(chain > 0 && { chain }),
  };
};

/** The position of the last event of a block. */
export const lastOf = (block: LogBlock): number => block.position + block.n - 1;
