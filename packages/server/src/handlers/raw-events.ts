import {
  type FieldIssue,
  type RawEventInput,
  type RawEventsInput,
  RawEventsInput as RawEventsSchema,
} from '@ordinaut/contract';
import { badRequest } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { lazyCheck } from '../kernel/schema.ts';
import type { HandlerEventRow } from '../storage/handler-rows.ts';
import type { CallContext } from './call-context.ts';
import { nul, tagIssues } from './event-tags.ts';
import { type EventTimes, eventTimes } from './event-times.ts';

const checkInput = lazyCheck(RawEventsSchema);
const texts = ['source', 'user_data', 'external_id', 'track_id'] as const;

/**
 * The events that a caller brings, as rows.
 *
 * @throws ApiError `bad_request` naming every field that is wrong, such as `events[3].tags[0]`.
 */
export function readRawEvents(input: unknown, handlerId: string, context: CallContext, now: number): HandlerEventRow[] {
  const schemaIssues = checkInput(input);
  if (schemaIssues.length > 0) throw badRequest(schemaIssues);
  const { events } = input as RawEventsInput;
  const issues: FieldIssue[] = [];
  const places = new Map<string, number>();
  const rows = events.map((event, index) => {
    const at = `events[${index}]`;
    issues.push(...issuesOf(event, at));
    const times = timesOf(event, context.times, now);
    if (times.endTime < times.createTime) {
      const issue = `is ${new Date(times.endTime).toISOString()}, before create_time, which is ${new Date(times.createTime).toISOString()}`;
      issues.push({ field: `${at}.end_time`, issue });
    }
    const id = newId();
    const eventId = event.event_id?.toLowerCase().replace(/^urn:uuid:/, '') ?? id;
    const first = places.get(eventId);
    if (first !== undefined)
      issues.push({
        field: `${at}.event_id`,
        issue: `is ${eventId}, as in events[${first}]; each event has an id of its own`,
      });
    places.set(eventId, index);
    return rowOf(event, { id, eventId, handlerId, times, context });
  });
  if (issues.length > 0) throw badRequest(issues);
  return rows;
}

function issuesOf(event: RawEventInput, at: string): FieldIssue[] {
  const wrong = texts
    .filter((field) => event[field]?.includes('\u0000'))
    .map((field) => ({ field: `${at}.${field}`, issue: nul }));
  return [...wrong, ...tagIssues(trimmed(event.tags), `${at}.tags`)];
}

/** An event that says nothing of its times has those of the request. */
function timesOf({ create_time, end_time }: RawEventInput, ofRequest: EventTimes, now: number): EventTimes {
  return create_time === undefined && end_time === undefined
    ? ofRequest
    : eventTimes({ create: create_time, end: end_time }, now);
}

const trimmed = (tags: readonly string[] = []): string[] => [...new Set(tags.map((tag) => tag.trim()))];

function rowOf(
  event: RawEventInput,
  of: { id: string; eventId: string; handlerId: string; times: EventTimes; context: CallContext },
): HandlerEventRow {
  return {
    id: of.id,
    event_id: of.eventId,
    handler_id: of.handlerId,
    account_id: of.context.accountId,
    create_time: of.times.createTime,
    end_time: of.times.endTime,
    source: event.source ?? null,
    user_data: event.user_data ?? null,
    external_id: event.external_id ?? null,
    track_id: event.track_id ?? null,
    tags: JSON.stringify(trimmed(event.tags)),
    data: JSON.stringify(event.data),
  };
}
