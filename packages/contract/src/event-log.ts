import Type, { type Static } from 'typebox';
import { Id, Instant, Nullable } from './common.ts';

/** What is published from outside. */
export const EventPublicationInput = Type.Object(
  {
    topic: Type.String({
      minLength: 1,
      maxLength: 200,
      description:
        'Names joined by dots, like `deploy.finished`; not under `run.`, `task.`, `approval.`, `alert.`, `handler.`, `extension.`',
    }),
    payload: Type.Optional(Type.Unknown({ description: 'Anything JSON can hold, at most 256 KiB; default: null' })),
    source_agent_id: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Shown as `source`' })),
  },
  { additionalProperties: false },
);
export type EventPublicationInput = Static<typeof EventPublicationInput>;

export const EventPublication = Type.Object({
  success: Type.Boolean(),
  message: Type.String(),
  details: Type.Object({
    event_id: Id,
    stream_id: Type.String({ description: 'Rises strictly within its stream: `<milliseconds>-<number>`' }),
    topic: Type.String(),
    triggered_tasks: Type.Array(Id, { description: 'Tasks that it has started a run of' }),
    published_at: Instant,
  }),
});
export type EventPublication = Static<typeof EventPublication>;

/** An event of a stream. */
export const PublishedEvent = Type.Object({
  id: Type.String({ description: 'Rises strictly within its stream' }),
  stream: Type.String({ description: '`core`, or `ext:<id>:events:<topic>`' }),
  topic: Type.String(),
  data: Type.Unknown(),
  source: Nullable(Type.String()),
  event_id: Id,
  published_at: Instant,
});
export type PublishedEvent = Static<typeof PublishedEvent>;

export const EventList = Type.Object({ items: Type.Array(PublishedEvent), total: Type.Integer() });
export type EventList = Static<typeof EventList>;

export const TopicList = Type.Object({
  items: Type.Array(
    Type.Object({
      topic: Type.String(),
      stream: Type.String(),
      count: Type.Integer({ description: 'Events published under it, also those no longer kept' }),
      last_id: Type.String(),
      last_published_at: Instant,
    }),
  ),
  total: Type.Integer(),
});
export type TopicList = Static<typeof TopicList>;

export const RecentEventsQuery = Type.Object(
  {
    count: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'Events, newest first' }),
    ),
  },
  { additionalProperties: false },
);
export const FollowEventsQuery = Type.Object(
  {
    topic: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'Glob of topics, like `run.*`; default: all' }),
    ),
  },
  { additionalProperties: false },
);
export const CleanupEventsQuery = Type.Object(
  { max_age_hours: Type.Number({ minimum: 0, maximum: 876_000, description: 'Events older than this are deleted' }) },
  { additionalProperties: false },
);
