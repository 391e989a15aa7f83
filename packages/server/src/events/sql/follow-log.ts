import type { Clock } from '../../kernel/clock.ts';
import { isUnavailable } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { compileTopicGlob } from '../../kernel/topic-glob.ts';
import { Wakeup } from '../../kernel/wakeup.ts';
import type { EventBlocks } from '../../storage/event-blocks.ts';
import { formatEventId, parseEventId } from '../../storage/event-log.ts';
import type { FollowStreamOptions, Selection, StreamEvent, StreamGap } from '../streams.ts';
import { dataOf, eventOf, lastOf } from './block-events.ts';
import type { LogTail } from './log-tail.ts';

const LOOK_MS = 5000;
const RETRY_MS = 1000;

interface Room {
  readonly blocks: EventBlocks;
  readonly tail: LogTail;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The events of a stream after an id, and then as they come. An outage in the middle is waited out.
 *
 * @throws TopicGlobError
 */
export function followLog(
  { stream, pattern = '**' }: Selection,
  { after, signal }: FollowStreamOptions,
  room: Room,
): AsyncIterable<StreamEvent | StreamGap> {
  const matches = compileTopicGlob(pattern);
  return follow();

  async function* follow(): AsyncGenerator<StreamEvent | StreamGap> {
    const { tail, clock, logger } = room;
    const changed = new Wakeup();
    const leave = tail.listen(() => changed.signal());
    try {
      const { position: begin, gap } = await beginning(stream, after, room.blocks);
      let position = begin;
      if (gap !== null) yield gap;
      while (!signal.aborted) {
        try {
          const blocks = await tail.read(position);
          for (const block of blocks) {
            if (block.stream === stream && matches(block.topic)) {
              for (const [index, data] of dataOf(block).entries()) {
                if (block.position + index > position) yield eventOf(block, index, data);
                if (signal.aborted) return;
              }
            }
            position = lastOf(block);
          }
          if (blocks.length === 0) await changed.wait(LOOK_MS, signal);
        } catch (error) {
          if (!isUnavailable(error)) throw error;
          logger.debug({ err: error, stream }, 'a live view of events waits for the database');
          await clock.sleep(RETRY_MS, signal).catch(() => {});
        }
      }
    } finally {
      leave();
    }
  }
}

/** The position after which a reader goes on, and what it has missed. */
async function beginning(
  stream: string,
  after: string | null,
  blocks: EventBlocks,
): Promise<{ position: number; gap: StreamGap | null }> {
  if (after === null) return { position: await blocks.end(), gap: null };
  const oldest = await blocks.oldest(stream);
  const fromOldest = oldest === undefined ? await blocks.end() : oldest.position - 1;
  if (after === '0-0') return { position: fromOldest, gap: null };
  const missed: StreamGap = { gap: true, after, oldest: oldest === undefined ? null : formatEventId(oldest) };
  const id = parseEventId(after);
  const block = id === null ? undefined : await blocks.upTo(stream, id);
  if (id === null || block === undefined) return { position: fromOldest, gap: missed };
  const known = id.ms === block.ms && id.seq < block.seq + block.n;
  if (known) return { position: block.position + id.seq - block.seq, gap: null };
  return { position: fromOldest, gap: missed };
}
