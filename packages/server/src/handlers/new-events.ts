import type { HandlerEvent } from '@ordinaut/contract';
import { MAX_EVENTS } from '@ordinaut/contract';
import { MAX_DATA_BYTES } from '../events/event-service.ts';
import { ApiError } from '../kernel/errors.ts';
import type { HandlerEventRow } from '../storage/handler-rows.ts';
import { toHandlerEvent } from './handler-resource.ts';

/** Bytes of all events of a request together, as JSON. */
const MAX_BYTES = 4_194_304;

/** Events that fit, in the three forms that are needed of them. */
export interface NewEvents {
  readonly rows: readonly HandlerEventRow[];
  readonly events: readonly HandlerEvent[];
  /** As JSON. */
  readonly texts: readonly string[];
  /** Of the texts together. */
  readonly bytes: number;
}

/**
 * Makes events of rows.
 *
 * @throws ApiError `payload_too_large` for an event of more than 256 KiB, more than 500 events, or 4 MiB of them.
 */
export function newEvents(rows: readonly HandlerEventRow[]): NewEvents {
  if (rows.length > MAX_EVENTS)
    throw tooLarge(`There are ${rows.length} events; one request makes at most ${MAX_EVENTS}.`, MAX_EVENTS);
  const events = rows.map(toHandlerEvent);
  const texts = events.map((event) => JSON.stringify(event));
  let total = 0;
  for (const [index, text] of texts.entries()) {
    const bytes = Buffer.byteLength(text);
    total += bytes;
    if (bytes > MAX_DATA_BYTES)
      throw tooLarge(
        `events[${index}] has ${bytes} bytes as JSON; an event may have ${MAX_DATA_BYTES}.`,
        MAX_DATA_BYTES,
      );
  }
  if (total > MAX_BYTES)
    throw tooLarge(
      `The events have ${total} bytes as JSON together; those of one request may have ${MAX_BYTES}.`,
      MAX_BYTES,
    );
  return { rows, events, texts, bytes: total };
}

const tooLarge = (message: string, limit: number): ApiError =>
  new ApiError('payload_too_large', message, { details: { limit } });
