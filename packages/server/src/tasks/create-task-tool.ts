import { type FieldIssue, Payload, Task, TaskInput } from '@ordinaut/contract';
import Type, { type Static } from 'typebox';
import { ApiError, badRequest } from '../kernel/errors.ts';
import type { Author } from '../pipeline/author.ts';
import { defineTool } from '../tools/define-tool.ts';
import type { Tool } from '../tools/tool.ts';
import type { TaskService } from './task-service.ts';

const { schedule_kind, payload, ...fields } = TaskInput.properties;

const Input = Type.Object(
  {
    ...fields,
    schedule: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 2000,
        description:
          'When it runs, in short: a cron expression (`0 18 * * *`), an instant for a single run (`2026-12-31T08:30:00Z`) or an RRULE (`FREQ=WEEKLY;BYDAY=MO`). Instead of schedule_kind and schedule_expr',
      }),
    ),
    schedule_kind: Type.Optional(schedule_kind),
    pipeline: Type.Optional({
      ...Payload.properties.pipeline,
      description:
        'Steps, run one after another: `{id, uses: <name of a tool>, with: <its input>}`. Instead of payload. Default: none, a task that only keeps its schedule',
    }),
    payload: Type.Optional({ ...payload, description: 'Pipeline together with the params it uses' }),
  },
  { additionalProperties: false },
);

const Output = Type.Object({
  task_id: Task.properties.id,
  message: Type.String(),
  title: Task.properties.title,
  status: Task.properties.status,
  next_run_at: Task.properties.next_run_at,
});

/** `create_task`: takes the fields of `POST /tasks`, and a short form of schedule and pipeline. */
export const createTaskTool = (tasks: Pick<TaskService, 'create'>): Tool =>
  defineTool({
    name: 'create_task',
    description:
      'Creates a task that runs a pipeline of tools on a schedule. Give a title, when it runs (schedule, or schedule_kind with schedule_expr; events need schedule_kind "event" and event_topic) and what it does (pipeline). Times without an offset are in timezone, UTC by default. Answers the id of the task and its next run.',
    input: Input,
    outputSchema: Output,
    annotations: { readOnly: false, destructive: false, idempotent: false, openWorld: false },
    scopes: ['tasks:create'],
    async call(input, { principal, scopes }) {
      const task = await create(tasks, input, { principal, scopes });
      const { id: task_id, title, status, next_run_at } = task;
      const next = next_run_at === null ? '' : ` Its next run is at ${next_run_at}.`;
      return { task_id, message: `The task is created.${next}`, title, status, next_run_at };
    },
  });

async function create(tasks: Pick<TaskService, 'create'>, input: Static<typeof Input>, by: Author) {
  const { schedule, pipeline, ...rest } = input;
  const issues: FieldIssue[] = [];
  if (schedule !== undefined && (rest.schedule_kind !== undefined || rest.schedule_expr != null)) {
    issues.push({ field: 'schedule', issue: 'stands for schedule_kind and schedule_expr; leave those out, or it' });
  }
  if (schedule === undefined && rest.schedule_kind === undefined) {
    issues.push({
      field: 'schedule',
      issue: 'is required, for example "0 18 * * *"; or give schedule_kind and its fields',
    });
  }
  if (pipeline !== undefined && rest.payload !== undefined) {
    issues.push({ field: 'pipeline', issue: 'stands for payload; give one of them' });
  }
  if (issues.length > 0) throw badRequest(issues);
  const body = {
    ...rest,
    ...(schedule !== undefined && { schedule_kind: kindOf(schedule), schedule_expr: schedule }),
    payload: rest.payload ?? { pipeline: pipeline ?? [] },
  };
  try {
    return await tasks.create(body, by);
  } catch (error) {
    throw inTermsOf(input, error);
  }
}

/** What the text of a schedule is; whether it is a good one is for the parser to say. */
function kindOf(schedule: string): 'cron' | 'once' | 'rrule' {
  if (/^\s*\d{4}-\d\d/.test(schedule)) return 'once';
  return /^\s*(RRULE|DTSTART)|FREQ\s*=/i.test(schedule) ? 'rrule' : 'cron';
}

/** Names the fields as the caller has given them. */
function inTermsOf(input: Static<typeof Input>, error: unknown): unknown {
  if (!(error instanceof ApiError) || error.code !== 'bad_request' || !Array.isArray(error.details.errors))
    return error;
  const issues = error.details.errors as readonly FieldIssue[];
  return badRequest(
    issues.map(({ field, issue }) => {
      if (input.schedule !== undefined && field === 'schedule_expr') return { field: 'schedule', issue };
      if (input.payload === undefined && field.startsWith('payload.')) return { field: field.slice(8), issue };
      return { field, issue };
    }),
  );
}
