import Type, { type Static } from 'typebox';
import { Id, Instant, JsonObject, Nullable, PageQuery } from './common.ts';
import { RunError, StepRecord } from './pipeline.ts';

export const liveRunStatuses = ['queued', 'running', 'waiting'] as const;
export const finalRunStatuses = ['succeeded', 'failed', 'canceled'] as const;
export const runStatuses = [...liveRunStatuses, ...finalRunStatuses] as const;
export type LiveRunStatus = (typeof liveRunStatuses)[number];
export type FinalRunStatus = (typeof finalRunStatuses)[number];
export type RunStatus = (typeof runStatuses)[number];

export const runTriggers = ['schedule', 'manual', 'event', 'condition', 'api'] as const;
export type RunTrigger = (typeof runTriggers)[number];

const runFields = {
  id: Id,
  task_id: Id,
  revision: Type.Integer({ description: 'Revision of the task that is run' }),
  status: Type.Enum(runStatuses),
  success: Nullable(Type.Boolean({ description: 'null until the run is over' })),
  trigger: Type.Enum(runTriggers),
  nominal_time: Nullable(Instant),
  priority: Type.Integer(),
  attempt: Type.Integer({ description: 'Attempts begun; 0 while none has' }),
  params: Nullable(JsonObject),
  concurrency_key: Nullable(Type.String()),
  retry_of: Nullable(Id),
  lease_owner: Nullable(Type.String()),
  leased_until: Nullable(Instant),
  wake_at: Nullable(Instant),
  created_at: Instant,
  started_at: Nullable(Instant),
  finished_at: Nullable(Instant),
  error: Nullable(RunError),
  output: Type.Unknown(),
};

/** A run without its steps, as in lists. */
export const RunSummary = Type.Object(runFields);
export type RunSummary = Static<typeof RunSummary>;

export const Run = Type.Object({ ...runFields, steps: Type.Array(StepRecord) });
export type Run = Static<typeof Run>;

export const RunListQuery = Type.Object(
  {
    ...PageQuery.properties,
    task_id: Type.Optional(Id),
    status: Type.Optional(Type.Enum(runStatuses)),
    success: Type.Optional(Type.Boolean()),
    start_time: Type.Optional({ ...Instant, description: 'Created at or after' }),
    end_time: Type.Optional({ ...Instant, description: 'Created before' }),
    include_errors: Type.Optional(Type.Boolean({ default: true, description: 'Whether errors carry their message' })),
  },
  { additionalProperties: false },
);
export type RunListQuery = Static<typeof RunListQuery>;

export const StatsQuery = Type.Object(
  { days: Type.Optional(Type.Integer({ minimum: 1, maximum: 365, description: 'UTC days, today included' })) },
  { additionalProperties: false },
);

export const TaskStats = Type.Object({
  task_id: Id,
  period_days: Type.Integer(),
  total_runs: Type.Integer({ description: 'Runs that ended in the period' }),
  successful_runs: Type.Integer(),
  failed_runs: Type.Integer(),
  canceled_runs: Type.Integer(),
  success_rate: Type.Number({ description: '0 to 1, of succeeded and failed runs' }),
  failure_rate: Type.Number(),
  avg_execution_time_seconds: Nullable(Type.Number()),
  last_run: Nullable(Instant),
  last_success: Nullable(Instant),
  last_failure: Nullable(Instant),
});
export type TaskStats = Static<typeof TaskStats>;

export const RunStatsSummary = Type.Object({
  period_days: Type.Integer(),
  total_runs: Type.Integer(),
  total_tasks_executed: Type.Integer(),
  successful_runs: Type.Integer(),
  failed_runs: Type.Integer(),
  canceled_runs: Type.Integer(),
  success_rate: Type.Number(),
  failure_rate: Type.Number(),
  avg_execution_time_seconds: Nullable(Type.Number()),
  runs_per_day: Type.Number(),
  queued_runs: Type.Integer({ description: 'Now; of the three together at most 10,000 are counted, the oldest first' }),
  running_runs: Type.Integer(),
  waiting_runs: Type.Integer(),
});
export type RunStatsSummary = Static<typeof RunStatsSummary>;
