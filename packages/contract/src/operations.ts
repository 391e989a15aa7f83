import Type, { type TSchema } from 'typebox';
import { Id, OperationResult, Page, type PageQuery } from './common.ts';
import type { HttpErrorCode } from './errors.ts';
import {
  CleanupEventsQuery,
  EventList,
  EventPublication,
  EventPublicationInput,
  FollowEventsQuery,
  RecentEventsQuery,
  TopicList,
} from './event-log.ts';
import { ExtensionHealth, ExtensionsStatus, ExtensionsStatusQuery } from './extensions.ts';
import { Run, RunListQuery, RunStatsSummary, RunSummary, StatsQuery, TaskStats } from './runs.ts';
import { Preview, PreviewInput } from './schedules.ts';
import { Health, Liveness, SystemMode } from './system.ts';
import { RunNowInput, SnoozeInput, Task, TaskInput, TaskListQuery, TaskPatch } from './tasks.ts';
import { ToolCallInput, ToolCallResult, ToolInfo } from './tools.ts';

/**
 * The table of operations: what the HTTP API can be asked for. Routes, the OpenAPI document and clients come from it.
 */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with `{name}` for parameters; served at the root and under `/api/v1`. */
  readonly path: string;
  readonly tag: 'tasks' | 'runs' | 'events' | 'schedules' | 'tools' | 'extensions' | 'system';
  readonly summary: string;
  /**
   * What a client may do when it does not know whether a call arrived. `safe`: changes nothing. `idempotent`: a second
   * call changes nothing more. `keyed`: may be repeated with the same `Idempotency-Key`.
   */
  readonly repeat: 'safe' | 'idempotent' | 'keyed';
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** Whether the body may be left out. */
  readonly bodyOptional?: true;
  /** The answer when all is well. */
  readonly success: { readonly status: 200 | 201 | 202; readonly schema?: TSchema; readonly description: string };
  /** The answer is a stream of server-sent events. */
  readonly stream?: true;
  /** Codes beyond those any operation may give. */
  readonly errors: readonly HttpErrorCode[];
}

const IdParams = Type.Object({ id: Id }, { additionalProperties: false });
const ExtensionParams = Type.Object(
  { id: Type.String({ pattern: '^[A-Za-z0-9_~-]{1,80}$', description: 'Id of the extension' }) },
  { additionalProperties: false },
);
const TaskIdParams = Type.Object({ task_id: Id }, { additionalProperties: false });
const NameParams = Type.Object(
  { name: Type.String({ pattern: '^[A-Za-z0-9_.-]{1,128}$' }) },
  { additionalProperties: false },
);

const ok = (schema: TSchema, description: string) => ({ status: 200, schema, description }) as const;
const action = (verb: string, summary: string) =>
  ({
    method: 'POST',
    path: `/tasks/{id}/${verb}`,
    tag: 'tasks',
    summary,
    repeat: 'idempotent',
    params: IdParams,
    success: ok(OperationResult, 'Done'),
    errors: ['not_found', 'conflict'],
  }) as const;

const onExtension = (verb: string, summary: string) =>
  ({
    method: 'POST',
    path: `/ext/{id}/${verb}`,
    tag: 'extensions',
    summary,
    repeat: 'idempotent',
    params: ExtensionParams,
    success: ok(OperationResult, 'Done: `details {extension_id, state}`'),
    errors: ['not_found', 'conflict'],
  }) as const;

export const operations = {
  'tasks.create': {
    method: 'POST',
    path: '/tasks',
    tag: 'tasks',
    summary: 'Create a task',
    repeat: 'keyed',
    body: TaskInput,
    success: { status: 201, schema: Task, description: 'The task' },
    errors: ['bad_request', 'conflict'],
  },
  'tasks.list': {
    method: 'GET',
    path: '/tasks',
    tag: 'tasks',
    summary: 'List tasks, newest first',
    repeat: 'safe',
    query: TaskListQuery,
    success: ok(Page(Task), 'A page of tasks'),
    errors: ['bad_request'],
  },
  'tasks.get': {
    method: 'GET',
    path: '/tasks/{id}',
    tag: 'tasks',
    summary: 'Show a task',
    repeat: 'safe',
    params: IdParams,
    success: ok(Task, 'The task'),
    errors: ['not_found'],
  },
  'tasks.replace': {
    method: 'PUT',
    path: '/tasks/{id}',
    tag: 'tasks',
    summary: 'Change the fields that are sent (the same as PATCH)',
    repeat: 'idempotent',
    params: IdParams,
    body: TaskPatch,
    success: ok(Task, 'The task as it is now'),
    errors: ['bad_request', 'not_found', 'conflict'],
  },
  'tasks.update': {
    method: 'PATCH',
    path: '/tasks/{id}',
    tag: 'tasks',
    summary: 'Change the fields that are sent',
    repeat: 'idempotent',
    params: IdParams,
    body: TaskPatch,
    success: ok(Task, 'The task as it is now'),
    errors: ['bad_request', 'not_found', 'conflict'],
  },
  'tasks.delete': {
    method: 'DELETE',
    path: '/tasks/{id}',
    tag: 'tasks',
    summary: 'Cancel a task (its record is kept)',
    repeat: 'idempotent',
    params: IdParams,
    success: ok(OperationResult, 'Canceled'),
    errors: ['not_found'],
  },
  'tasks.run_now': {
    method: 'POST',
    path: '/tasks/{id}/run_now',
    tag: 'tasks',
    summary: 'Run a task now',
    repeat: 'keyed',
    params: IdParams,
    body: RunNowInput,
    bodyOptional: true,
    success: { status: 202, schema: OperationResult, description: 'Queued: `details {task_id, run_id, deduplicated}`' },
    errors: ['bad_request', 'not_found', 'conflict'],
  },
  'tasks.snooze': {
    method: 'POST',
    path: '/tasks/{id}/snooze',
    tag: 'tasks',
    summary: 'Put off the next run',
    repeat: 'keyed',
    params: IdParams,
    body: SnoozeInput,
    success: ok(OperationResult, 'Put off: `details {task_id, delay_seconds, next_run_at}`'),
    errors: ['bad_request', 'not_found', 'conflict'],
  },
  'tasks.pause': action('pause', 'Pause a task'),
  'tasks.resume': action('resume', 'Resume a paused task'),
  'tasks.cancel': action('cancel', 'Cancel a task for good, with its queued runs'),
  'tasks.latest_run': {
    method: 'GET',
    path: '/tasks/{id}/runs/latest',
    tag: 'tasks',
    summary: 'Show the newest run of a task, or null',
    repeat: 'safe',
    params: IdParams,
    success: ok(Type.Union([Run, Type.Null()]), 'The run, or null'),
    errors: ['not_found'],
  },
  'tasks.stats': {
    method: 'GET',
    path: '/tasks/{id}/stats',
    tag: 'tasks',
    summary: 'Count the runs of a task (default: 30 days)',
    repeat: 'safe',
    params: IdParams,
    query: StatsQuery,
    success: ok(TaskStats, 'The figures'),
    errors: ['bad_request', 'not_found'],
  },
  'schedules.preview': {
    method: 'POST',
    path: '/schedules/preview',
    tag: 'schedules',
    summary: 'Show the next fire times of an expression',
    repeat: 'safe',
    body: PreviewInput,
    success: ok(Preview, 'The fire times'),
    errors: ['bad_request'],
  },
  'runs.list': {
    method: 'GET',
    path: '/runs',
    tag: 'runs',
    summary: 'List runs, newest first',
    repeat: 'safe',
    query: RunListQuery,
    success: ok(Page(RunSummary), 'A page of runs'),
    errors: ['bad_request'],
  },
  'runs.summary': {
    method: 'GET',
    path: '/runs/stats/summary',
    tag: 'runs',
    summary: 'Count the runs of all tasks (default: 7 days)',
    repeat: 'safe',
    query: StatsQuery,
    success: ok(RunStatsSummary, 'The figures'),
    errors: ['bad_request'],
  },
  'runs.get': {
    method: 'GET',
    path: '/runs/{id}',
    tag: 'runs',
    summary: 'Show a run with its steps',
    repeat: 'safe',
    params: IdParams,
    success: ok(Run, 'The run'),
    errors: ['not_found'],
  },
  'runs.cancel': {
    method: 'POST',
    path: '/runs/{id}/cancel',
    tag: 'runs',
    summary: 'Cancel a run; a step under way is aborted',
    repeat: 'idempotent',
    params: IdParams,
    success: { status: 202, schema: OperationResult, description: 'Canceled, or asked to: `details {run_id, status}`' },
    errors: ['not_found', 'conflict'],
  },
  'runs.retry': {
    method: 'POST',
    path: '/runs/{id}/retry',
    tag: 'runs',
    summary: 'Run a failed or canceled run again from the step it did not finish',
    repeat: 'keyed',
    params: IdParams,
    success: { status: 202, schema: OperationResult, description: 'Queued: `details {run_id, retry_of}`' },
    errors: ['not_found', 'conflict'],
  },
  'runs.stream': {
    method: 'GET',
    path: '/runs/{id}/stream',
    tag: 'runs',
    summary: 'Follow a run until it is over (server-sent events)',
    repeat: 'safe',
    params: IdParams,
    success: { status: 200, description: 'Events `run`, `step` and `heartbeat`; ends when the run does' },
    stream: true,
    errors: ['not_found'],
  },
  'runs.latest_of_task': {
    method: 'GET',
    path: '/runs/task/{task_id}/latest',
    tag: 'runs',
    summary: 'Older spelling of `/tasks/{id}/runs/latest`',
    repeat: 'safe',
    params: TaskIdParams,
    success: ok(Type.Union([Run, Type.Null()]), 'The run, or null'),
    errors: ['not_found'],
  },
  'runs.stats_of_task': {
    method: 'GET',
    path: '/runs/task/{task_id}/stats',
    tag: 'runs',
    summary: 'Older spelling of `/tasks/{id}/stats`',
    repeat: 'safe',
    params: TaskIdParams,
    query: StatsQuery,
    success: ok(TaskStats, 'The figures'),
    errors: ['bad_request', 'not_found'],
  },
  'events.publish': {
    method: 'POST',
    path: '/events',
    tag: 'events',
    summary: 'Publish an event; tasks that wait for it run',
    repeat: 'keyed',
    body: EventPublicationInput,
    success: { status: 202, schema: EventPublication, description: 'Stored, with the runs it has started' },
    errors: ['bad_request', 'conflict', 'payload_too_large', 'unavailable'],
  },
  'events.topics': {
    method: 'GET',
    path: '/events/topics',
    tag: 'events',
    summary: 'List the topics there are events of',
    repeat: 'safe',
    success: ok(TopicList, 'All topics, by name'),
    errors: ['unavailable'],
  },
  'events.recent': {
    method: 'GET',
    path: '/events/stream/recent',
    tag: 'events',
    summary: 'Show the newest events of all streams',
    repeat: 'safe',
    query: RecentEventsQuery,
    success: ok(EventList, 'Events, newest first'),
    errors: ['bad_request', 'unavailable'],
  },
  'events.stream': {
    method: 'GET',
    path: '/events/stream',
    tag: 'events',
    summary: 'Follow the events of the core (server-sent events)',
    repeat: 'safe',
    query: FollowEventsQuery,
    success: {
      status: 200,
      description: 'Events `event`, `heartbeat`, and `gap` where the id of `Last-Event-ID` is no longer kept',
    },
    stream: true,
    errors: ['bad_request', 'unavailable'],
  },
  'events.cleanup': {
    method: 'DELETE',
    path: '/events/stream/cleanup',
    tag: 'events',
    summary: 'Delete the events that are older than so many hours',
    repeat: 'idempotent',
    query: CleanupEventsQuery,
    success: ok(OperationResult, 'Deleted: `details {deleted, before}`'),
    errors: ['bad_request', 'unavailable'],
  },
  'tools.list': {
    method: 'GET',
    path: '/tools',
    tag: 'tools',
    summary: 'List the tools',
    repeat: 'safe',
    success: ok(Type.Object({ items: Type.Array(ToolInfo), total: Type.Integer() }), 'All tools, by name'),
    errors: [],
  },
  'tools.get': {
    method: 'GET',
    path: '/tools/{name}',
    tag: 'tools',
    summary: 'Show a tool',
    repeat: 'safe',
    params: NameParams,
    success: ok(ToolInfo, 'The tool'),
    errors: ['not_found'],
  },
  'tools.call': {
    method: 'POST',
    path: '/tools/{name}/call',
    tag: 'tools',
    summary: 'Call a tool',
    repeat: 'keyed',
    params: NameParams,
    body: ToolCallInput,
    bodyOptional: true,
    success: ok(ToolCallResult, 'What came of it'),
    errors: ['bad_request', 'not_found', 'conflict'],
  },
  'extensions.status': {
    method: 'GET',
    path: '/ext/status',
    tag: 'extensions',
    summary: 'Show every extension: state, capabilities, figures',
    repeat: 'safe',
    query: ExtensionsStatusQuery,
    success: ok(ExtensionsStatus, 'The extensions by id'),
    errors: ['bad_request'],
  },
  'extensions.health': {
    method: 'GET',
    path: '/ext/{id}/health',
    tag: 'extensions',
    summary: 'Show the health of an extension; one that is not loaded is not loaded by this',
    repeat: 'safe',
    params: ExtensionParams,
    success: ok(ExtensionHealth, 'Always 200; `status` tells'),
    errors: ['not_found'],
  },
  'extensions.reload': onExtension(
    'reload',
    'Take manifest and code as they are on the disk now; nothing that runs is lost',
  ),
  'extensions.enable': onExtension('enable', 'Let an extension run; holds across restarts'),
  'extensions.disable': onExtension('disable', 'Stop an extension; holds across restarts'),
  'extensions.reset': onExtension('reset', 'Let a quarantined extension run again'),
  'system.health': {
    method: 'GET',
    path: '/health',
    tag: 'system',
    summary: 'Show the health of every part',
    repeat: 'safe',
    success: ok(Health, 'Always 200; `status` tells'),
    errors: [],
  },
  'system.ready': {
    method: 'GET',
    path: '/health/ready',
    tag: 'system',
    summary: 'Whether requests can be served',
    repeat: 'safe',
    success: ok(Health, 'Ready'),
    errors: ['unavailable'],
  },
  'system.live': {
    method: 'GET',
    path: '/health/live',
    tag: 'system',
    summary: 'Whether the process is alive',
    repeat: 'safe',
    success: ok(Liveness, 'Alive'),
    errors: [],
  },
  'system.mode': {
    method: 'GET',
    path: '/system/mode',
    tag: 'system',
    summary: 'Show how this process runs',
    repeat: 'safe',
    success: ok(SystemMode, 'Version, store, roles'),
    errors: [],
  },
} as const satisfies Record<string, Operation>;

export type OperationId = keyof typeof operations;
export type { PageQuery };
