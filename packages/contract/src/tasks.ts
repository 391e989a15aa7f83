import Type, { type Static } from 'typebox';
import { Id, Instant, JsonObject, Nullable, PageQuery } from './common.ts';
import { Payload } from './pipeline.ts';

export const scheduleKinds = ['cron', 'rrule', 'once', 'event', 'condition'] as const;
export type ScheduleKind = (typeof scheduleKinds)[number];
export const ScheduleKind = Type.Enum(scheduleKinds);

export const taskStatuses = ['active', 'paused', 'canceled', 'completed'] as const;
export type TaskStatus = (typeof taskStatuses)[number];

export const backoffStrategies = ['exponential_jitter', 'linear', 'fixed'] as const;
export type BackoffStrategy = (typeof backoffStrategies)[number];

export const misfirePolicies = ['run_once', 'skip', 'run_all'] as const;
export type MisfirePolicy = (typeof misfirePolicies)[number];

const scheduleFields = {
  schedule_kind: ScheduleKind,
  schedule_expr: Type.Optional(
    Nullable(
      Type.String({
        minLength: 1,
        maxLength: 2000,
        description:
          'cron: 5 or 6 fields or `@daily`; rrule: RFC 5545; once: ISO 8601; condition: JMESPath; event: none',
      }),
    ),
  ),
  event_topic: Type.Optional(
    Nullable(Type.String({ minLength: 1, maxLength: 200, description: 'Glob of topics, for `event` and `condition`' })),
  ),
  timezone: Type.Optional(Type.String({ minLength: 1, maxLength: 64, default: 'UTC', description: 'IANA zone' })),
  dtstart: Type.Optional(
    Nullable(
      Type.String({
        maxLength: 40,
        description: 'First instant of an rrule, ISO 8601; default: when the task is made',
      }),
    ),
  ),
};

const settingFields = {
  description: Type.Optional(Nullable(Type.String({ maxLength: 2000 }))),
  priority: Type.Optional(Type.Integer({ minimum: 1, maximum: 9, default: 5, description: '1 is the highest' })),
  max_retries: Type.Optional(Type.Integer({ minimum: 0, maximum: 10, default: 3 })),
  backoff_strategy: Type.Optional(Type.Enum(backoffStrategies, { default: 'exponential_jitter' })),
  dedupe_key: Type.Optional(
    Nullable(
      Type.String({ minLength: 1, maxLength: 100, description: 'A second trigger in the window gives the first run' }),
    ),
  ),
  dedupe_window_seconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 31_536_000, default: 0 })),
  concurrency_key: Type.Optional(
    Nullable(
      Type.String({ minLength: 1, maxLength: 100, description: 'Runs with one key run one at a time, in order' }),
    ),
  ),
  misfire_policy: Type.Optional(
    Type.Enum(misfirePolicies, { default: 'run_once', description: 'What happens with fire times missed while down' }),
  ),
  misfire_grace_seconds: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 604_800, default: 30, description: 'Lateness that does not count as missed' }),
  ),
};

export const TaskInput = Type.Object(
  {
    title: Type.String({ minLength: 1, maxLength: 200 }),
    ...scheduleFields,
    payload: Payload,
    ...settingFields,
    created_by: Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 128 }))),
    allow_unknown_tools: Type.Optional(
      Type.Boolean({ default: false, description: 'Accept steps whose tool is not there yet' }),
    ),
  },
  { additionalProperties: false },
);
export type TaskInput = Static<typeof TaskInput>;

export const TaskPatch = Type.Object(
  {
    title: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    ...scheduleFields,
    schedule_kind: Type.Optional(ScheduleKind),
    payload: Type.Optional(Payload),
    ...settingFields,
    allow_unknown_tools: Type.Optional(Type.Boolean({ default: false })),
  },
  { additionalProperties: false },
);
export type TaskPatch = Static<typeof TaskPatch>;

export const Task = Type.Object({
  id: Id,
  title: Type.String(),
  description: Nullable(Type.String()),
  status: Type.Enum(taskStatuses),
  schedule_kind: ScheduleKind,
  schedule_expr: Nullable(Type.String()),
  event_topic: Nullable(Type.String()),
  timezone: Type.String(),
  dtstart: Nullable(Instant),
  payload: Payload,
  priority: Type.Integer(),
  max_retries: Type.Integer(),
  backoff_strategy: Type.Enum(backoffStrategies),
  dedupe_key: Nullable(Type.String()),
  dedupe_window_seconds: Type.Integer(),
  concurrency_key: Nullable(Type.String()),
  misfire_policy: Type.Enum(misfirePolicies),
  misfire_grace_seconds: Type.Integer(),
  created_by: Nullable(Type.String()),
  revision: Type.Integer({
    description: 'Rises when the payload or the retry settings change; a run keeps the one it began with',
  }),
  next_run_at: Nullable(Instant),
  created_at: Instant,
  updated_at: Instant,
});
export type Task = Static<typeof Task>;

export const TaskListQuery = Type.Object(
  {
    ...PageQuery.properties,
    status: Type.Optional(Type.Enum(taskStatuses)),
    schedule_kind: Type.Optional(ScheduleKind),
    created_by: Type.Optional(Type.String({ maxLength: 128 })),
  },
  { additionalProperties: false },
);
export type TaskListQuery = Static<typeof TaskListQuery>;

export const SnoozeInput = Type.Object(
  {
    delay_seconds: Type.Integer({ minimum: 1, maximum: 604_800 }),
    reason: Type.Optional(Type.String({ maxLength: 200 })),
  },
  { additionalProperties: false },
);
export type SnoozeInput = Static<typeof SnoozeInput>;

export const RunNowInput = Type.Object(
  {
    params: Type.Optional({ ...JsonObject, description: 'Laid over the params of the task for this run' }),
  },
  { additionalProperties: false },
);
export type RunNowInput = Static<typeof RunNowInput>;
