import type { Handler, HandlerEvent } from '@ordinaut/contract';
import type { AnyHandler, World } from '../call.ts';
import type { Caller } from '../caller.ts';
import { newId } from '../new-id.ts';
import { isAsked, pageOf } from '../page.ts';

import { badRequest } from '../test-error.ts';
import { found, isoNow } from './find.ts';

const NOBODY = '00000000-0000-0000-0000-000000000000';

/** Adds a handler. Its pipeline is kept and not run: what is sent to it becomes the data of one event. */
export function addHandler(world: World, fields: Partial<Handler> = {}): Handler {
  const now = isoNow(world);
  const handler: Handler = {
    id: newId(world.clock.now()),
    description: null,
    pipeline: null,
    params: {},
    is_dynamic: false,
    created_by: null,
    version: 1,
    created_at: now,
    updated_at: now,
    ...fields,
  };
  world.state.handlers.set(handler.id, handler);
  return handler;
}

const readFields = (body: unknown): Partial<Handler> => {
  const { allow_unknown_tools: _allowed, ...fields } = (body ?? {}) as Partial<Handler> & {
    allow_unknown_tools?: boolean;
  };
  if (fields.is_dynamic !== true && fields.pipeline === null)
    throw badRequest([{ field: 'pipeline', issue: 'is null; a handler that is not dynamic needs one' }]);
  return fields;
};

function change(world: World, params: unknown, body: unknown): Handler {
  const handler = found(world.state.handlers, 'handler', idOf(params));
  const fields = readFields(body);
  const changed = { ...handler, ...fields, version: handler.version + 1, updated_at: isoNow(world) };
  world.state.handlers.set(handler.id, changed);
  return changed;
}

function addEvent(world: World, handlerId: string, caller: Caller, fields: Partial<HandlerEvent>): HandlerEvent {
  const now = isoNow(world);
  const event_id = fields.event_id ?? newId(world.clock.now());
  const event: HandlerEvent = {
    handler_id: handlerId,
    account_id: caller.principal?.id ?? NOBODY,
    create_time: now,
    end_time: now,
    source: null,
    user_data: null,
    external_id: null,
    track_id: null,
    tags: [],
    data: null,
    ...fields,
    event_id,
    url: `/handlers/events/${event_id}`,
  };
  world.state.handlerEvents.set(event_id, event);
  world.state.events.publish(`handler.${handlerId}`, event, caller.principal?.name ?? null);
  return event;
}

/** Tags come joined by commas, or several times. */
const readTags = (tags: unknown): string[] =>
  [tags ?? []]
    .flat()
    .flatMap((text) => String(text).split(','))
    .filter((tag) => tag !== '');

const idOf = (params: unknown): string => (params as { id: string }).id;

type EventQuery = Partial<Pick<HandlerEvent, 'source' | 'external_id' | 'track_id' | 'user_data'>> & {
  readonly tags?: unknown;
  readonly since?: string;
  readonly until?: string;
};

export const eventHandlerHandlers: Readonly<Record<string, AnyHandler>> = {
  'handlers.create': ({ world, body, caller }) =>
    addHandler(world, { ...readFields(body), created_by: caller.principal?.name ?? null }),
  'handlers.list': ({ world, query }) => {
    const { is_dynamic, created_by } = query as Partial<Handler>;
    const matching = [...world.state.handlers.values()].filter(
      (one) => isAsked(is_dynamic, one.is_dynamic) && isAsked(created_by, one.created_by),
    );
    return pageOf(matching, query as object);
  },
  'handlers.get': ({ world, params }) => found(world.state.handlers, 'handler', idOf(params)),
  'handlers.replace': ({ world, params, body }) => change(world, params, body),
  'handlers.update': ({ world, params, body }) => change(world, params, body),
  'handlers.delete': ({ world, params }) => {
    const { id } = found(world.state.handlers, 'handler', idOf(params));
    world.state.handlers.delete(id);
    return { success: true, message: `The handler ${id} is deleted.`, details: { handler_id: id } };
  },
  'handlers.generate': ({ world, params, query, body, caller }) => {
    const handler = found(world.state.handlers, 'handler', idOf(params));
    const { tags, ...fields } = query as EventQuery;
    const data = handler.is_dynamic ? ((body as { body?: unknown } | undefined)?.body ?? null) : (body ?? null);
    return { events: [addEvent(world, handler.id, caller, { ...fields, tags: readTags(tags), data })], filtered: 0 };
  },
  'handlers.raw': ({ world, params, query, body, caller }) => {
    const { id } = found(world.state.handlers, 'handler', idOf(params));
    const events = (body as { events: Partial<HandlerEvent>[] }).events
      .map((fields) => addEvent(world, id, caller, fields))
      .map(({ event_id, url }) => ({ event_id, url }));
    const isWaited = (query as { wait_saving?: boolean }).wait_saving !== false;
    return { status: isWaited ? 201 : 202, result: { events } };
  },
  'handlers.events': ({ world, params, query }) => {
    const id = idOf(params);
    const { tags, since, until, ...fields } = query as EventQuery;
    const wanted = readTags(tags);
    const matching = [...world.state.handlerEvents.values()].filter(
      (one) =>
        one.handler_id === id &&
        isAsked(fields.source, one.source) &&
        isAsked(fields.external_id, one.external_id) &&
        isAsked(fields.track_id, one.track_id) &&
        wanted.every((tag) => one.tags.includes(tag)) &&
        (since === undefined || one.create_time >= since) &&
        (until === undefined || one.create_time < until),
    );
    const page = pageOf(
      matching.map((event) => ({ id: event.event_id, event })),
      query as object,
    );
    return { ...page, items: page.items.map(({ event }) => event) };
  },
  'handlers.event': ({ world, params }) =>
    found(world.state.handlerEvents, 'event', (params as { event_id: string }).event_id),
  'plugins.list': () => ({ plugins: [] }),
};
