import type { Clock } from '../kernel/clock.ts';
import { messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { StreamEvent, Subscription } from './streams.ts';

/** How long after its first, second … failure an event is handed out again, in milliseconds. */
const RETRY_MS = [250, 1000, 4000, 16_000] as const;
export const MAX_FAILURES = RETRY_MS.length + 1;

export type Verdict =
  | { readonly kind: 'handled' }
  /** It has failed too often. */
  | { readonly kind: 'dead'; readonly reason: string; readonly failures: number }
  /** The subscription has ended, or others have the event now: it is not handled. */
  | { readonly kind: 'stopped'; readonly failures: number };

/**
 * Hands an event to a handler until it is handled, has failed too often, or nobody wants it any more.
 *
 * @param room.failures how often it has failed before, in this process or others; a process that ended meanwhile counts.
 * @param room.onFailure stores how often it has failed; false: others have the event.
 */
export async function deliver(
  event: StreamEvent,
  { group, handler }: Subscription,
  room: {
    failures: number;
    signal: AbortSignal;
    clock: Clock;
    logger: Logger;
    onFailure(failures: number): Promise<boolean>;
  },
): Promise<Verdict> {
  const { signal, clock, logger } = room;
  let { failures } = room;
  let reason = `The process that handled it ended ${failures} times before it was done.`;
  while (failures < MAX_FAILURES) {
    try {
      await handler(event, signal);
      return { kind: 'handled' };
    } catch (error) {
      if (signal.aborted) return { kind: 'stopped', failures };
      failures += 1;
      reason = messageOf(error);
      logger.warn(
        { err: error, group, topic: event.topic, event_id: event.id, failures },
        'an event could not be handled',
      );
    }
    if (!(await room.onFailure(failures))) return { kind: 'stopped', failures };
    if (failures === MAX_FAILURES) break;
    await clock.sleep(RETRY_MS[failures - 1]!, signal).catch(() => {});
    if (signal.aborted) return { kind: 'stopped', failures };
  }
  return { kind: 'dead', reason, failures };
}
