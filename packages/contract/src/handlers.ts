import Type, { type Static } from 'typebox';
import { Id, Instant, JsonObject, Nullable, PageQuery } from './common.ts';
import { MAX_STEPS, Step } from './pipeline.ts';

/** Events of one request. */
export const MAX_EVENTS = 500;
const MAX_TAGS = 50;
/** Characters of a tag, and of each text that names something. */
const NAME_LENGTH = 128;

const params = { description: 'Values for `${params.…}`' };
const pipeline = Type.Array(Step, { maxItems: MAX_STEPS, description: 'Steps, run one after another' });

const handlerFields = {
  description: Type.Optional(Nullable(Type.String({ maxLength: 2000 }))),
  pipeline: Type.Optional({
    ...Nullable(pipeline),
    description: 'Steps, run one after another; null for a dynamic handler, which is given them with each request',
  }),
  params: Type.Optional(Type.Record(Type.String(), Type.Unknown(), params)),
  is_dynamic: Type.Optional(
    Type.Boolean({ default: false, description: 'Whether the pipeline comes with each request' }),
  ),
  allow_unknown_tools: Type.Optional(
    Type.Boolean({ default: false, description: 'Accept steps whose tool is not there (yet)' }),
  ),
};

export const HandlerInput = Type.Object(handlerFields, { additionalProperties: false });
export type HandlerInput = Static<typeof HandlerInput>;

/** The fields that are sent are changed, the others stay. */
export const HandlerPatch = HandlerInput;
export type HandlerPatch = HandlerInput;

/** A stored pipeline that makes events of requests. */
export const Handler = Type.Object({
  id: Id,
  description: Nullable(Type.String()),
  pipeline: Nullable(pipeline),
  params: JsonObject,
  is_dynamic: Type.Boolean(),
  created_by: Nullable(Type.String({ description: 'Name of who has made it; null where nobody was known' })),
  version: Type.Integer({ description: 'Counts the changes, from 1' }),
  created_at: Instant,
  updated_at: Instant,
});
export type Handler = Static<typeof Handler>;

export const HandlerListQuery = Type.Object(
  {
    ...PageQuery.properties,
    is_dynamic: Type.Optional(Type.Boolean()),
    created_by: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  },
  { additionalProperties: false },
);
export type HandlerListQuery = Static<typeof HandlerListQuery>;

const name = (description: string) => Type.String({ maxLength: NAME_LENGTH, description });
export const Tags = Type.Array(Type.String({ minLength: 1, maxLength: NAME_LENGTH }), { maxItems: MAX_TAGS });

/** An event of a handler, as it is stored, published and given to plugins. */
export const HandlerEvent = Type.Object({
  event_id: Type.String({ format: 'uuid' }),
  url: Type.String({ description: 'Path of the event' }),
  handler_id: Id,
  account_id: Type.String({ format: 'uuid', description: 'On whose account; all zeros: nobody who is known' }),
  create_time: Instant,
  end_time: Instant,
  source: Nullable(Type.String()),
  user_data: Nullable(Type.String()),
  external_id: Nullable(Type.String()),
  track_id: Nullable(Type.String()),
  tags: Type.Array(Type.String()),
  data: Type.Unknown({ description: 'What the pipeline has made, or the caller has brought' }),
});
export type HandlerEvent = Static<typeof HandlerEvent>;

const TagsQuery = Type.Union([Type.String({ maxLength: 8000 }), Type.Array(Type.String({ maxLength: 8000 }))], {
  description: `Joined by commas, or given several times; at most ${MAX_TAGS} of at most ${NAME_LENGTH} characters`,
});
const nameQueries = {
  source: Type.Optional(name('Where it comes from')),
  external_id: Type.Optional(name('Its id elsewhere')),
  track_id: Type.Optional(name('What it belongs to, together with others')),
  tags: Type.Optional(TagsQuery),
};

export const GenerateQuery = Type.Object(
  { ...nameQueries, user_data: Type.Optional(name('Anything the caller wants to find in the events')) },
  { additionalProperties: false },
);
export type GenerateQuery = Static<typeof GenerateQuery>;

/** What a dynamic handler is given as JSON. */
export const DynamicRequest = Type.Object(
  {
    pipeline,
    params: Type.Optional(Type.Record(Type.String(), Type.Unknown(), params)),
    body: Type.Optional(Type.Unknown({ description: '`event.body` of the pipeline; default: null' })),
  },
  { additionalProperties: false },
);
export type DynamicRequest = Static<typeof DynamicRequest>;

export const GeneratedEvents = Type.Object({
  events: Type.Array(HandlerEvent),
  filtered: Type.Integer({ description: 'Items of the pipeline that were null or false, and no events' }),
});
export type GeneratedEvents = Static<typeof GeneratedEvents>;

/** What the headers of a request say of the events it makes, by the names that people write. */
export const CallHeaders = Type.Object({
  'Luna-Event-Time': Type.Optional({ ...Instant, description: 'When the events began. Default: now' }),
  'Luna-Event-End-Time': Type.Optional({
    ...Instant,
    description: 'When they ended. Default: now, and not before they began',
  }),
  'Luna-Account-Id': Type.Optional(
    Type.String({
      format: 'uuid',
      description: 'Whose events they are, as the caller says. Default: the id of the caller',
    }),
  ),
});
export type CallHeaders = Static<typeof CallHeaders>;

export const RawQuery = Type.Object(
  {
    wait_saving: Type.Optional(
      Type.Boolean({ default: true, description: '`false`: the answer does not wait until the events are stored' }),
    ),
  },
  { additionalProperties: false },
);
export type RawQuery = Static<typeof RawQuery>;

/** An event that the caller brings; what it leaves out comes of the request. */
export const RawEventInput = Type.Object(
  {
    data: Type.Unknown({ description: 'Anything JSON can hold' }),
    source: Type.Optional(Nullable(name('Where it comes from'))),
    user_data: Type.Optional(Nullable(name('Anything the caller wants to find in the event'))),
    external_id: Type.Optional(Nullable(name('Its id elsewhere'))),
    track_id: Type.Optional(Nullable(name('What it belongs to, together with others'))),
    tags: Type.Optional(Tags),
    event_id: Type.Optional(Type.String({ format: 'uuid', description: 'Default: a new one' })),
    create_time: Type.Optional({ ...Instant, description: 'Default: that of the request' }),
    end_time: Type.Optional({ ...Instant, description: 'Default: that of the request' }),
  },
  { additionalProperties: false },
);
export type RawEventInput = Static<typeof RawEventInput>;

export const RawEventsInput = Type.Object(
  { events: Type.Array(RawEventInput, { minItems: 1, maxItems: MAX_EVENTS }) },
  { additionalProperties: false },
);
export type RawEventsInput = Static<typeof RawEventsInput>;

export const RawEvents = Type.Object({
  events: Type.Array(Type.Object({ event_id: HandlerEvent.properties.event_id, url: HandlerEvent.properties.url })),
});
export type RawEvents = Static<typeof RawEvents>;

export const HandlerEventQuery = Type.Object(
  {
    ...PageQuery.properties,
    ...nameQueries,
    since: Type.Optional({ ...Instant, description: 'Only events whose `create_time` is this instant or later' }),
    until: Type.Optional({ ...Instant, description: 'Only events whose `create_time` is before this instant' }),
  },
  { additionalProperties: false },
);
export type HandlerEventQuery = Static<typeof HandlerEventQuery>;
