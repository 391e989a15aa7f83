import {
  type FieldIssue,
  type Payload,
  type TaskInput,
  TaskInput as TaskInputSchema,
  type TaskPatch,
  TaskPatch as TaskPatchSchema,
} from '@ordinaut/contract';
import { badRequest } from '../kernel/errors.ts';
import { lazyCheck } from '../kernel/schema.ts';
import { checkPipeline } from '../pipeline/check.ts';
import { implicitStart } from '../schedule/implicit-start.ts';
import { onceIsPast } from '../schedule/once.ts';
import { parseSchedule } from '../schedule/parse.ts';
import type { EventSchedule, TimeSchedule } from '../schedule/schedule.ts';
import { ScheduleError } from '../schedule/schedule-error.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import type { TaskRecord } from './task-resource.ts';

/** Everything a person says of a task, with the defaults filled in. */
export type TaskDefinition = Required<Omit<TaskInput, 'allow_unknown_tools' | 'dtstart'>> & {
  /** Epoch milliseconds; null for every kind but rrule. */
  readonly dtstart: number | null;
  readonly payload: Payload;
};

export interface CheckedDefinition {
  readonly definition: TaskDefinition;
  readonly schedule: TimeSchedule | EventSchedule;
}

const checkInput = lazyCheck(TaskInputSchema);
const checkPatch = lazyCheck(TaskPatchSchema);

/** @throws ApiError `bad_request` with every field that is wrong. */
export function readTaskInput(input: unknown, tools: ToolRegistry, now: number): CheckedDefinition {
  const issues = checkInput(input);
  const given = (isObject(input) ? input : {}) as Partial<TaskInput>;
  return checked({ ...defaults, ...given }, given, issues, tools, now);
}

/** The definition of a task after a change. @throws ApiError `bad_request` with every field that is wrong. */
export function readTaskPatch(task: TaskRecord, patch: unknown, tools: ToolRegistry, now: number): CheckedDefinition {
  const issues = checkPatch(patch);
  const given = (isObject(patch) ? patch : {}) as Partial<TaskPatch>;
  const { payload, dtstart, ...rest } = task;
  const present = {
    ...rest,
    payload: JSON.parse(payload) as Payload,
    dtstart: dtstart === null ? null : new Date(dtstart).toISOString(),
  };
  return checked({ ...present, ...given }, given, issues, tools, now);
}

const defaults = {
  description: null,
  schedule_expr: null,
  event_topic: null,
  timezone: 'UTC',
  dtstart: null,
  priority: 5,
  max_retries: 3,
  backoff_strategy: 'exponential_jitter',
  dedupe_key: null,
  dedupe_window_seconds: 0,
  concurrency_key: null,
  misfire_policy: 'run_once',
  misfire_grace_seconds: 30,
  created_by: null,
} as const satisfies Partial<TaskInput>;

const scheduleFields = ['schedule_kind', 'schedule_expr', 'event_topic', 'timezone', 'dtstart'];

function checked(
  draft: Partial<TaskInput>,
  given: Partial<TaskInput>,
  schemaIssues: readonly FieldIssue[],
  tools: ToolRegistry,
  now: number,
): CheckedDefinition {
  const issues = [...schemaIssues];
  const sound = (...fields: string[]) =>
    !schemaIssues.some(({ field }) => fields.includes(field.split(/[.[]/)[0] ?? ''));
  let schedule: TimeSchedule | EventSchedule | null = null;
  let dtstart: number | null = null;
  if (sound(...scheduleFields, 'misfire_policy') && draft.schedule_kind !== undefined) {
    ({ schedule, dtstart } = readSchedule(draft, given, now, issues));
  }
  if (sound('payload') && draft.payload !== undefined && (given.payload !== undefined || schemaIssues.length > 0)) {
    const payload = draft.payload;
    issues.push(
      ...checkPipeline(payload, {
        hasTool: (name) => tools.has(name),
        nearestTools: (name) => tools.nearest(name),
        inputOf: (name) => tools.lastingInput(name),
        allowUnknownTools: given.allow_unknown_tools === true,
      }),
    );
  }
  if (sound('dedupe_key', 'dedupe_window_seconds') && (draft.dedupe_window_seconds ?? 0) > 0 && !draft.dedupe_key) {
    issues.push({ field: 'dedupe_key', issue: 'is required where dedupe_window_seconds is set' });
  }
  if (issues.length > 0 || schedule === null) throw badRequest(issues);
  return { definition: { ...(draft as Required<TaskInput>), dtstart }, schedule };
}

function readSchedule(draft: Partial<TaskInput>, given: Partial<TaskInput>, now: number, issues: FieldIssue[]) {
  const kind = draft.schedule_kind!;
  const start = kind === 'rrule' ? readInstant(draft.dtstart ?? null, issues) : null;
  const dtstart =
    kind === 'rrule' ? (start ?? implicitStart(draft.schedule_expr ?? '', draft.timezone ?? 'UTC', now)) : null;
  const spec = {
    kind,
    expr: draft.schedule_expr ?? null,
    eventTopic: draft.event_topic ?? null,
    timezone: draft.timezone ?? 'UTC',
    dtstart,
  };
  try {
    const schedule = parseSchedule(spec);
    const renewed = given.schedule_expr !== undefined || given.schedule_kind !== undefined;
    if (schedule.kind === 'once' && renewed && draft.misfire_policy !== 'run_once' && onceIsPast(schedule, now)) {
      const issue = `${spec.expr} is in the past; give a later instant, or misfire_policy run_once to run it at once`;
      issues.push({ field: 'schedule_expr', issue });
    }
    return { schedule, dtstart };
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    issues.push(...error.issues);
    return { schedule: null, dtstart };
  }
}

function readInstant(text: string | null, issues: FieldIssue[]): number | null {
  if (text === null) return null;
  const instant = Date.parse(text);
  if (!Number.isNaN(instant) && /(?:Z|[+-]\d\d:?\d\d)$/i.test(text)) return instant;
  issues.push({
    field: 'dtstart',
    issue: `is ${JSON.stringify(text)}; it must be an instant such as 2026-03-01T09:00:00Z`,
  });
  return null;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
