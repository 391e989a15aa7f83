import { Event, type EventBatch, RawEvent } from '@ordinaut/kit';
import type { HandlerBatch } from '../handlers/handler-batch.ts';
import type { SizedBatch } from './class-runner.ts';

/** The events of one request to a handler, as plugins get them, with their size. */
export function toEventBatch({ kind, events, bytes, ...about }: HandlerBatch): SizedBatch {
  const made =
    kind === 'generated' ? events.map((event) => new Event(event)) : events.map((event) => new RawEvent(event));
  return { batch: { events: made, ...about } satisfies EventBatch, bytes };
}
