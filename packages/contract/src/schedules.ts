import Type, { type Static } from 'typebox';
import { Instant, Nullable } from './common.ts';
import { ScheduleKind } from './tasks.ts';

export const PreviewInput = Type.Object(
  {
    schedule_kind: ScheduleKind,
    schedule_expr: Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 2000 }))),
    event_topic: Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 200 }))),
    timezone: Type.Optional(Type.String({ minLength: 1, maxLength: 64, default: 'UTC' })),
    dtstart: Type.Optional(Nullable(Type.String({ maxLength: 40 }))),
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
    from: Type.Optional({ ...Instant, description: 'Fire times after this; default: now' }),
  },
  { additionalProperties: false },
);
export type PreviewInput = Static<typeof PreviewInput>;

export const FireTime = Type.Object({
  at: Instant,
  local: Type.String({ description: 'The same instant on the wall clock of the zone, with its offset' }),
  note: Nullable(Type.String({ description: 'What a change of daylight saving time does to it' })),
});
export type FireTime = Static<typeof FireTime>;

export const Preview = Type.Object({
  timezone: Type.String(),
  description: Type.String({ description: 'The schedule in words' }),
  fire_times: Type.Array(FireTime),
});
export type Preview = Static<typeof Preview>;
