import Type, { type Static } from 'typebox';

/** A step calls one tool. Strings in `with` may hold `${…}` expressions (JMESPath). */
export const Step = Type.Object(
  {
    id: Type.String({
      pattern: '^[A-Za-z0-9_.-]{1,64}$',
      description: 'Name of the step, unique in its pipeline; its output is `steps.<id>`',
    }),
    uses: Type.String({ minLength: 1, maxLength: 128, description: 'Name of the tool' }),
    with: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Input of the tool' })),
    if: Type.Optional(
      Type.String({ minLength: 1, maxLength: 4000, description: 'Expression; false, null or empty skips the step' }),
    ),
    save_as: Type.Optional(
      Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,63}$', description: 'Second name of the output in `steps`' }),
    ),
    timeout_seconds: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 86_400, default: 30 })),
    max_retries: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 10, default: 0, description: 'Retries of this step before the run fails' }),
    ),
    on_error: Type.Optional(Type.Union([Type.Literal('fail'), Type.Literal('continue')], { default: 'fail' })),
    for_each: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 4000,
        description: 'Expression giving a list; the step runs once per item, with `item` in its context',
      }),
    ),
    max_parallel: Type.Optional(Type.Integer({ minimum: 1, maximum: 64, default: 4, description: 'With `for_each`' })),
  },
  { additionalProperties: false },
);
export type Step = Static<typeof Step>;

export const MAX_STEPS = 200;

export const Payload = Type.Object(
  {
    params: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Values for `${params.…}`' })),
    pipeline: Type.Array(Step, { maxItems: MAX_STEPS, description: 'Steps, run one after another' }),
  },
  { additionalProperties: false },
);
export type Payload = Static<typeof Payload>;

export const stepStatuses = ['succeeded', 'failed', 'skipped', 'waiting', 'running'] as const;
export type StepStatus = (typeof stepStatuses)[number];

export const RunError = Type.Object({
  code: Type.String({ description: 'Code from the run errors of the catalogue' }),
  message: Type.String(),
  step_id: Type.Union([Type.String(), Type.Null()]),
});
export type RunError = Static<typeof RunError>;

/** What is known of one step of a run. A record with `succeeded`, `skipped` or a tolerated `failed` is a checkpoint. */
export const StepRecord = Type.Object({
  id: Type.String(),
  uses: Type.String(),
  status: Type.Enum(stepStatuses),
  attempt: Type.Integer({ description: 'Attempts made of this step in this attempt of the run' }),
  started_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  finished_at: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
  input: Type.Unknown({ description: 'Rendered input' }),
  output: Type.Unknown(),
  error: Type.Union([RunError, Type.Null()]),
  wake_at: Type.Optional(Type.String({ format: 'date-time', description: 'When a waiting step goes on' })),
  approval_id: Type.Optional(
    Type.String({ format: 'uuid', description: 'The approval that it waits or has waited for' }),
  ),
});
export interface StepRecord {
  id: string;
  uses: string;
  status: StepStatus;
  attempt: number;
  started_at: string | null;
  finished_at: string | null;
  input: unknown;
  output: unknown;
  error: RunError | null;
  wake_at?: string;
  approval_id?: string;
}
