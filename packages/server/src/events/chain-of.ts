import { notedTopics } from '../storage/run-events.ts';

/**
 * How many runs led to an event, each started by one before it.
 *
 * @param ofBlock what is stored with the block of the event.
 */
export function chainOf(topic: string, data: unknown, ofBlock: number): number {
  // The events of one block are of many runs: each of them says its own.
  const said = (data as { chain?: unknown } | null)?.chain;
  return typeof said === 'number' && isNoted(topic) ? said : ofBlock;
}

const isNoted = (topic: string): boolean => notedTopics.some((noted) => noted === topic);
