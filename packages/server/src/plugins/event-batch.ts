import { Event, type EventBatch, RawEvent } from '@ordinaut/kit';
import type { HandlerBatch } from '../handlers/handler-batch.ts';

/** The events of one request to a handler, as plugins get them. */
export function toEventBatch({ kind, events, ...about }: HandlerBatch): EventBatch {
  return {
    events: kind === 'generated' ? events.map((event) => new Event(event)) : events.map((event) => new RawEvent(event)),
    ...about,
  };
}
