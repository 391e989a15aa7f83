import type { Handler, HandlerEvent, Step } from '@ordinaut/contract';
import { toIso } from '../kernel/clock.ts';
import type { HandlerEventRow, HandlerRow } from '../storage/handler-rows.ts';

/** A handler as the API shows it. */
export const toHandler = (row: HandlerRow): Handler => ({
  id: row.id,
  description: row.description,
  pipeline: row.pipeline === null ? null : (JSON.parse(row.pipeline) as Step[]),
  params: JSON.parse(row.params) as Handler['params'],
  is_dynamic: row.is_dynamic === 1,
  created_by: row.created_by,
  version: row.version,
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
});

/** Path of an event. */
export const eventUrl = (eventId: string): string => `/handlers/events/${eventId}`;

/** An event of a handler as the API shows it. */
export const toHandlerEvent = (row: HandlerEventRow): HandlerEvent => ({
  event_id: row.event_id,
  url: eventUrl(row.event_id),
  handler_id: row.handler_id,
  account_id: row.account_id,
  create_time: toIso(row.create_time),
  end_time: toIso(row.end_time),
  source: row.source,
  user_data: row.user_data,
  external_id: row.external_id,
  track_id: row.track_id,
  tags: JSON.parse(row.tags) as string[],
  data: JSON.parse(row.data) as unknown,
});
