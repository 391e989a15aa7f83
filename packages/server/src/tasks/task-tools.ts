import {
  Id,
  type OperationResult,
  Page,
  Preview,
  PreviewInput,
  RunNowInput,
  SnoozeInput,
  Task,
  TaskListQuery,
  TaskPatch,
} from '@ordinaut/contract';
import Type from 'typebox';
import type { Clock } from '../kernel/clock.ts';
import { readPreview } from '../schedule/read-preview.ts';
import { defineTool } from '../tools/define-tool.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import type { Tool } from '../tools/tool.ts';
import { createTaskTool } from './create-task-tool.ts';
import type { TaskService } from './task-service.ts';

export interface TaskToolDeps {
  readonly tasks: TaskService;
  readonly clock: Clock;
}

/** Registers what assistants and pipelines can do with tasks. */
export function registerTaskTools(registry: ToolRegistry, { tasks, clock }: TaskToolDeps): void {
  for (const tool of [createTaskTool(tasks), ...readingTools(tasks, clock), ...changingTools(tasks)]) {
    registry.register(tool);
  }
}

const TaskId = { task_id: { ...Id, description: 'Id of the task, as create_task and list_tasks give it' } };
const JustTask = Type.Object(TaskId, { additionalProperties: false });

const { id, title, status, schedule_kind, schedule_expr, event_topic, timezone, next_run_at } = Task.properties;
const TaskBrief = Type.Object({
  id,
  title,
  status,
  schedule_kind,
  schedule_expr,
  event_topic,
  timezone,
  next_run_at,
});

const TurnOutput = Type.Object({
  message: Type.String(),
  task_id: Type.String(),
  old_status: status,
  new_status: status,
  next_run_at,
});

const reads = { readOnly: true, destructive: false, idempotent: true, openWorld: false };
const changes = { readOnly: false, destructive: false, idempotent: true, openWorld: false };

const readingTools = (tasks: TaskService, clock: Clock): Tool[] => [
  defineTool({
    name: 'list_tasks',
    description:
      'Lists tasks, newest first, with their schedule and next run. Follow next_cursor for more. get_task tells the rest of one.',
    input: TaskListQuery,
    outputSchema: Page(TaskBrief),
    annotations: reads,
    scopes: ['tasks:read'],
    async call(query) {
      const page = await tasks.list(query);
      return { ...page, items: page.items.map(toBrief) };
    },
  }),
  defineTool({
    name: 'get_task',
    description: 'Tells everything about a task: its schedule, pipeline, params, retry settings and next run.',
    input: JustTask,
    outputSchema: Task,
    annotations: reads,
    scopes: ['tasks:read'],
    call: ({ task_id }) => tasks.get(task_id),
  }),
  defineTool({
    name: 'preview_schedule',
    description:
      'Tells in words what a schedule means, and when it would fire next, without creating anything. Use it to check a schedule before create_task.',
    input: PreviewInput,
    outputSchema: Preview,
    annotations: reads,
    scopes: [],
    call: async (input) => readPreview(input, clock.now()),
  }),
];

const changingTools = (tasks: TaskService): Tool[] => [
  defineTool({
    name: 'update_task',
    description:
      'Changes the given fields of a task and leaves the others. A new pipeline replaces the old one as a whole; runs under way end with the one they began with.',
    input: Type.Object({ ...TaskId, ...TaskPatch.properties }, { additionalProperties: false }),
    outputSchema: Task,
    annotations: { ...changes, destructive: true },
    scopes: ['tasks:update'],
    call: ({ task_id, ...patch }, { principal, scopes }) => tasks.update(task_id, patch, { principal, scopes }),
  }),
  defineTool({
    name: 'pause_task',
    description: 'Pauses a task: it does not run by its schedule until resume_task. Runs under way go on.',
    input: JustTask,
    outputSchema: TurnOutput,
    annotations: changes,
    scopes: ['tasks:update'],
    call: ({ task_id }) => tasks.pause(task_id).then(flat),
  }),
  defineTool({
    name: 'resume_task',
    description: 'Lets a paused task run by its schedule again, from now on; what it has missed is not made up for.',
    input: JustTask,
    outputSchema: TurnOutput,
    annotations: changes,
    scopes: ['tasks:update'],
    call: ({ task_id }) => tasks.resume(task_id).then(flat),
  }),
  defineTool({
    name: 'cancel_task',
    description:
      'Cancels a task for good, together with its runs that have not begun. It cannot be undone; pause_task can.',
    input: JustTask,
    outputSchema: Type.Object({ ...TurnOutput.properties, canceled_runs: Type.Integer() }),
    annotations: { ...changes, destructive: true },
    scopes: ['tasks:delete'],
    call: ({ task_id }) => tasks.cancel(task_id).then(flat),
  }),
  defineTool({
    name: 'snooze_task',
    description: 'Puts the next run of an active task off by some seconds, at most a week. The runs after it stay.',
    input: Type.Object({ ...TaskId, ...SnoozeInput.properties }, { additionalProperties: false }),
    outputSchema: Type.Object({
      message: Type.String(),
      task_id: Type.String(),
      delay_seconds: Type.Integer(),
      next_run_at: Type.String({ format: 'date-time' }),
      reason: Type.Optional(Type.String()),
    }),
    annotations: { ...changes, idempotent: false },
    scopes: ['tasks:update'],
    call: ({ task_id, ...input }) => tasks.snooze(task_id, input).then(flat),
  }),
  defineTool({
    name: 'run_task_now',
    description:
      'Starts a run of a task at once, whatever its schedule says, and answers the id of the run without waiting for its end. Ask get_run how it goes.',
    input: Type.Object({ ...TaskId, ...RunNowInput.properties }, { additionalProperties: false }),
    outputSchema: Type.Object({ message: Type.String(), run_id: Type.String(), deduplicated: Type.Boolean() }),
    // What the pipeline of the task reaches is not known here.
    annotations: { readOnly: false, destructive: false, idempotent: false, openWorld: true },
    scopes: ['tasks:run'],
    async call({ task_id, params }, { idempotencyKey }) {
      const run = await tasks.runOnce(task_id, params ?? null, idempotencyKey);
      const message = run.deduplicated ? 'A run that was asked for before stands for this one.' : 'The run is queued.';
      return { message, ...run };
    },
  }),
];

const toBrief = (task: Task) => ({
  id: task.id,
  title: task.title,
  status: task.status,
  schedule_kind: task.schedule_kind,
  schedule_expr: task.schedule_expr,
  event_topic: task.event_topic,
  timezone: task.timezone,
  next_run_at: task.next_run_at,
});

/** A result without its envelope: a tool that fails throws. */
const flat = ({ message, details }: OperationResult) => ({ message, ...details });
