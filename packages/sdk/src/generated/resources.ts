// Generated from packages/contract by packages/sdk/scripts/generate.ts. Do not edit.

import type { Call, CallOptions } from '../call.ts';
import type { List } from '../list.ts';
import type { EventStream, StreamOptions } from '../event-stream.ts';
import type {
  AcknowledgeInput,
  Agent,
  AgentCredentials,
  AgentInput,
  AgentLoginInput,
  AgentPatch,
  Alert,
  AlertBulkInput,
  AlertBulkResult,
  AlertInput,
  AlertListQuery,
  AlertPatch,
  AlertStreamQuery,
  ApiKey,
  ApiKeyInput,
  ApiKeyListQuery,
  Approval,
  ApprovalListQuery,
  AuditEntry,
  AuditQuery,
  CleanupEventsQuery,
  CreatedApiKey,
  CreatedUser,
  DecisionInput,
  DynamicRequest,
  EventList,
  EventPublication,
  EventPublicationInput,
  ExtensionConfig,
  ExtensionConfigInput,
  ExtensionHealth,
  ExtensionsStatus,
  ExtensionsStatusQuery,
  FollowEventsQuery,
  GenerateQuery,
  GeneratedEvents,
  Handler,
  HandlerEvent,
  HandlerEventQuery,
  HandlerInput,
  HandlerListQuery,
  Health,
  Liveness,
  LoginInput,
  Me,
  OperationResult,
  PasswordChange,
  PluginList,
  Preview,
  PreviewInput,
  PrincipalListQuery,
  PublishedEvent,
  RawEvents,
  RawEventsInput,
  RawQuery,
  RecentEventsQuery,
  RefreshInput,
  Run,
  RunListQuery,
  RunNowInput,
  RunStatsSummary,
  RunSummary,
  SessionInput,
  SessionState,
  SnoozeInput,
  StatsQuery,
  SubmittedAlert,
  SystemMode,
  Task,
  TaskInput,
  TaskListQuery,
  TaskPatch,
  TaskStats,
  TokenAnswer,
  ToolCallInput,
  ToolCallResult,
  ToolInfo,
  TopicList,
  User,
  UserInput,
  UserPatch,
} from './models.ts';

/** The operations of `client.tasks`. */
export interface TasksResource {
  /**
   * Create a task.
   *
   * `tasks.create`: `POST /tasks`. Needs `tasks:create`. Sent again where it failed, with the same `Idempotency-Key`.
   *
   * @param body what is sent
   * @returns the task.
   * @throws OrdinautError with `bad_request`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  create(body: TaskInput, options?: CallOptions): Call<Task>;

  /**
   * List tasks, newest first.
   *
   * `tasks.list`: `GET /tasks`. Needs `tasks:read`. Changes nothing; sent again where it failed.
   *
   * @param query what is asked for
   * @returns A page of tasks.
   * @throws OrdinautError with `bad_request`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  list(query?: TaskListQuery, options?: CallOptions): List<Task>;

  /**
   * Show a task.
   *
   * `tasks.get`: `GET /tasks/{id}`. Needs `tasks:read`. Changes nothing; sent again where it failed.
   *
   * @param id UUIDv7
   * @returns the task.
   * @throws OrdinautError with `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  get(id: string, options?: CallOptions): Call<Task>;

  /**
   * Change the fields that are sent (the same as PATCH).
   *
   * `tasks.replace`: `PUT /tasks/{id}`. Needs `tasks:update`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id UUIDv7
   * @param body what is sent
   * @returns the task as it is now.
   * @throws OrdinautError with `bad_request`, `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  replace(id: string, body: TaskPatch, options?: CallOptions): Call<Task>;

  /**
   * Change the fields that are sent.
   *
   * `tasks.update`: `PATCH /tasks/{id}`. Needs `tasks:update`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id UUIDv7
   * @param body what is sent
   * @returns the task as it is now.
   * @throws OrdinautError with `bad_request`, `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  update(id: string, body: TaskPatch, options?: CallOptions): Call<Task>;

  /**
   * Cancel a task (its record is kept).
   *
   * `tasks.delete`: `DELETE /tasks/{id}`. Needs `tasks:delete`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id UUIDv7
   * @returns canceled.
   * @throws OrdinautError with `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  delete(id: string, options?: CallOptions): Call<OperationResult>;

  /**
   * Run a task now.
   *
   * `tasks.run_now`: `POST /tasks/{id}/run_now`. Needs `tasks:run`. Sent again where it failed, with the same `Idempotency-Key`.
   *
   * @param id UUIDv7
   * @param body what is sent
   * @returns queued: `details {task_id, run_id, deduplicated}`.
   * @throws OrdinautError with `bad_request`, `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  runNow(id: string, body?: RunNowInput, options?: CallOptions): Call<OperationResult>;

  /**
   * Put off the next run.
   *
   * `tasks.snooze`: `POST /tasks/{id}/snooze`. Needs `tasks:update`. Sent again where it failed, with the same `Idempotency-Key`.
   *
   * @param id UUIDv7
   * @param body what is sent
   * @returns put off: `details {task_id, delay_seconds, next_run_at}`.
   * @throws OrdinautError with `bad_request`, `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  snooze(id: string, body: SnoozeInput, options?: CallOptions): Call<OperationResult>;

  /**
   * Pause a task.
   *
   * `tasks.pause`: `POST /tasks/{id}/pause`. Needs `tasks:update`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id UUIDv7
   * @returns done.
   * @throws OrdinautError with `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  pause(id: string, options?: CallOptions): Call<OperationResult>;

  /**
   * Resume a paused task.
   *
   * `tasks.resume`: `POST /tasks/{id}/resume`. Needs `tasks:update`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id UUIDv7
   * @returns done.
   * @throws OrdinautError with `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  resume(id: string, options?: CallOptions): Call<OperationResult>;

  /**
   * Cancel a task for good, with its queued runs.
   *
   * `tasks.cancel`: `POST /tasks/{id}/cancel`. Needs `tasks:delete`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id UUIDv7
   * @returns done.
   * @throws OrdinautError with `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  cancel(id: string, options?: CallOptions): Call<OperationResult>;

  /**
   * Show the newest run of a task, or null.
   *
   * `tasks.latest_run`: `GET /tasks/{id}/runs/latest`. Needs `runs:read`. Changes nothing; sent again where it failed.
   *
   * @param id UUIDv7
   * @returns the run, or null.
   * @throws OrdinautError with `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  latestRun(id: string, options?: CallOptions): Call<Run | null>;

  /**
   * Count the runs of a task (default: 30 days).
   *
   * `tasks.stats`: `GET /tasks/{id}/stats`. Needs `runs:read`. Changes nothing; sent again where it failed.
   *
   * @param id UUIDv7
   * @param query what is asked for
   * @returns the figures.
   * @throws OrdinautError with `bad_request`, `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  stats(id: string, query?: StatsQuery, options?: CallOptions): Call<TaskStats>;
}

/** The operations of `client.schedules`. */
export interface SchedulesResource {
  /**
   * Show the next fire times of an expression.
   *
   * `schedules.preview`: `POST /schedules/preview`. Needs a caller. Changes nothing; sent again where it failed.
   *
   * @param body what is sent
   * @returns the fire times.
   * @throws OrdinautError with `bad_request`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  preview(body: PreviewInput, options?: CallOptions): Call<Preview>;
}

/** The operations of `client.runs`. */
export interface RunsResource {
  /**
   * List runs, newest first.
   *
   * `runs.list`: `GET /runs`. Needs `runs:read`. Changes nothing; sent again where it failed.
   *
   * @param query what is asked for
   * @returns A page of runs.
   * @throws OrdinautError with `bad_request`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  list(query?: RunListQuery, options?: CallOptions): List<RunSummary>;

  /**
   * Count the runs of all tasks (default: 7 days).
   *
   * `runs.summary`: `GET /runs/stats/summary`. Needs `runs:read`. Changes nothing; sent again where it failed.
   *
   * @param query what is asked for
   * @returns the figures.
   * @throws OrdinautError with `bad_request`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  summary(query?: StatsQuery, options?: CallOptions): Call<RunStatsSummary>;

  /**
   * Show a run with its steps.
   *
   * `runs.get`: `GET /runs/{id}`. Needs `runs:read`. Changes nothing; sent again where it failed.
   *
   * @param id UUIDv7
   * @returns the run.
   * @throws OrdinautError with `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  get(id: string, options?: CallOptions): Call<Run>;

  /**
   * Cancel a run; a step under way is aborted.
   *
   * `runs.cancel`: `POST /runs/{id}/cancel`. Needs `runs:cancel`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id UUIDv7
   * @returns canceled, or asked to: `details {run_id, status}`.
   * @throws OrdinautError with `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  cancel(id: string, options?: CallOptions): Call<OperationResult>;

  /**
   * Run a failed or canceled run again from the step it did not finish.
   *
   * `runs.retry`: `POST /runs/{id}/retry`. Needs `tasks:run`. Sent again where it failed, with the same `Idempotency-Key`.
   *
   * @param id UUIDv7
   * @returns queued: `details {run_id, retry_of}`.
   * @throws OrdinautError with `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  retry(id: string, options?: CallOptions): Call<OperationResult>;

  /**
   * Follow a run until it is over (server-sent events).
   *
   * `runs.stream`: `GET /runs/{id}/stream`. Needs `runs:read`. Changes nothing; sent again where it failed.
   *
   * @param id UUIDv7
   * @returns events `run`, `step` and `heartbeat`; ends when the run does.
   * @throws OrdinautError with `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  stream(id: string, options?: StreamOptions): EventStream;

  /**
   * Older spelling of `/tasks/{id}/runs/latest`.
   *
   * `runs.latest_of_task`: `GET /runs/task/{task_id}/latest`. Needs `runs:read`. Changes nothing; sent again where it failed.
   *
   * @param taskId UUIDv7
   * @returns the run, or null.
   * @throws OrdinautError with `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  latestOfTask(taskId: string, options?: CallOptions): Call<Run | null>;

  /**
   * Older spelling of `/tasks/{id}/stats`.
   *
   * `runs.stats_of_task`: `GET /runs/task/{task_id}/stats`. Needs `runs:read`. Changes nothing; sent again where it failed.
   *
   * @param taskId UUIDv7
   * @param query what is asked for
   * @returns the figures.
   * @throws OrdinautError with `bad_request`, `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  statsOfTask(taskId: string, query?: StatsQuery, options?: CallOptions): Call<TaskStats>;
}

/** The operations of `client.approvals`. */
export interface ApprovalsResource {
  /**
   * List approvals, newest first.
   *
   * `approvals.list`: `GET /approvals`. Needs `approvals:read`. Changes nothing; sent again where it failed.
   *
   * @param query what is asked for
   * @returns A page of approvals.
   * @throws OrdinautError with `bad_request`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  list(query?: ApprovalListQuery, options?: CallOptions): List<Approval>;

  /**
   * Show an approval.
   *
   * `approvals.get`: `GET /approvals/{id}`. Needs `approvals:read`. Changes nothing; sent again where it failed.
   *
   * @param id UUIDv7
   * @returns the approval.
   * @throws OrdinautError with `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  get(id: string, options?: CallOptions): Call<Approval>;

  /**
   * Approve: the run goes on.
   *
   * `approvals.approve`: `POST /approvals/{id}/approve`. Needs `approvals:decide`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id UUIDv7
   * @param body what is sent
   * @returns the approval, decided.
   * @throws OrdinautError with `bad_request`, `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  approve(id: string, body?: DecisionInput, options?: CallOptions): Call<Approval>;

  /**
   * Reject: the step fails, or goes on with the decision as its output.
   *
   * `approvals.reject`: `POST /approvals/{id}/reject`. Needs `approvals:decide`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id UUIDv7
   * @param body what is sent
   * @returns the approval, decided.
   * @throws OrdinautError with `bad_request`, `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  reject(id: string, body?: DecisionInput, options?: CallOptions): Call<Approval>;
}

/** The operations of `client.events`. */
export interface EventsResource {
  /**
   * Publish an event; tasks that wait for it run.
   *
   * `events.publish`: `POST /events`. Needs `events:publish`. Sent again where it failed, with the same `Idempotency-Key`.
   *
   * @param body what is sent
   * @returns stored, with the runs it has started.
   * @throws OrdinautError with `bad_request`, `conflict`, `payload_too_large`, `unavailable`, `rate_limit_exceeded`, `internal_error`.
   */
  publish(body: EventPublicationInput, options?: CallOptions): Call<EventPublication>;

  /**
   * List the topics there are events of.
   *
   * `events.topics`: `GET /events/topics`. Needs `events:read`. Changes nothing; sent again where it failed.
   *
   * @returns all topics, by name.
   * @throws OrdinautError with `unavailable`, `rate_limit_exceeded`, `internal_error`.
   */
  topics(options?: CallOptions): List<{
    topic: string;
    stream: string;
    /** Events published under it, also those no longer kept. */
    count: number;
    last_id: string;
    /** Instant in UTC, ISO 8601. */
    last_published_at: string;
  }, TopicList>;

  /**
   * Show the newest events of all streams.
   *
   * `events.recent`: `GET /events/stream/recent`. Needs `events:read`. Changes nothing; sent again where it failed.
   *
   * @param query what is asked for
   * @returns events, newest first.
   * @throws OrdinautError with `bad_request`, `unavailable`, `rate_limit_exceeded`, `internal_error`.
   */
  recent(query?: RecentEventsQuery, options?: CallOptions): List<PublishedEvent, EventList>;

  /**
   * Follow the events of the core (server-sent events).
   *
   * `events.stream`: `GET /events/stream`. Needs `events:read`. Changes nothing; sent again where it failed.
   *
   * @param query what is asked for
   * @returns events `event`, `heartbeat`, and `gap` where the id of `Last-Event-ID` is no longer kept.
   * @throws OrdinautError with `bad_request`, `unavailable`, `rate_limit_exceeded`, `internal_error`.
   */
  stream(query?: FollowEventsQuery, options?: StreamOptions): EventStream;

  /**
   * Delete the events that are older than so many hours.
   *
   * `events.cleanup`: `DELETE /events/stream/cleanup`. Needs `admin`. Sent again where it failed: a second time changes nothing more.
   *
   * @param query what is asked for
   * @returns deleted: `details {deleted, before}`.
   * @throws OrdinautError with `bad_request`, `unavailable`, `rate_limit_exceeded`, `internal_error`.
   */
  cleanup(query: CleanupEventsQuery, options?: CallOptions): Call<OperationResult>;
}

/** The operations of `client.tools`. */
export interface ToolsResource {
  /**
   * List the tools.
   *
   * `tools.list`: `GET /tools`. Needs a caller. Changes nothing; sent again where it failed.
   *
   * @returns all tools, by name.
   * @throws OrdinautError with `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  list(options?: CallOptions): List<ToolInfo, {
    items: ToolInfo[];
    total: number;
  }>;

  /**
   * Show a tool.
   *
   * `tools.get`: `GET /tools/{name}`. Needs a caller. Changes nothing; sent again where it failed.
   *
   * @param name name of it
   * @returns the tool.
   * @throws OrdinautError with `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  get(name: string, options?: CallOptions): Call<ToolInfo>;

  /**
   * Call a tool.
   *
   * `tools.call`: `POST /tools/{name}/call`. Needs `tools:call`. Sent again where it failed, with the same `Idempotency-Key`.
   *
   * @param name name of it
   * @param body what is sent
   * @returns what came of it.
   * @throws OrdinautError with `bad_request`, `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  call(name: string, body?: ToolCallInput, options?: CallOptions): Call<ToolCallResult>;
}

/** The operations of `client.alerts`. */
export interface AlertsResource {
  /**
   * Submit an alert; the same one again counts as an occurrence of it.
   *
   * `alerts.submit`: `POST /alerts`. Needs `alerts:write`. Sent again where it failed, with the same `Idempotency-Key`.
   *
   * @param body what is sent
   * @returns the new alert.
   * @throws OrdinautError with `bad_request`, `conflict`, `payload_too_large`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  submit(body: AlertInput, options?: CallOptions): Call<SubmittedAlert>;

  /**
   * Submit up to 500 alerts; those that are not valid are rejected one by one.
   *
   * `alerts.bulk`: `POST /alerts/bulk`. Needs `alerts:write`. Sent again where it failed, with the same `Idempotency-Key`.
   *
   * @param body what is sent
   * @returns what became of each, in the order in which they were given.
   * @throws OrdinautError with `bad_request`, `conflict`, `payload_too_large`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  bulk(body: AlertBulkInput, options?: CallOptions): Call<AlertBulkResult>;

  /**
   * List alerts, newest first.
   *
   * `alerts.list`: `GET /alerts`. Needs `alerts:read`. Changes nothing; sent again where it failed.
   *
   * @param query what is asked for
   * @returns A page of alerts.
   * @throws OrdinautError with `bad_request`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  list(query?: AlertListQuery, options?: CallOptions): List<Alert>;

  /**
   * Follow alerts as they change (server-sent events).
   *
   * `alerts.stream`: `GET /alerts/stream`. Needs `alerts:read`. Changes nothing; sent again where it failed.
   *
   * @param query what is asked for
   * @returns events `alert.created`, `alert.deduplicated` and `alert.updated` with the alert, `heartbeat`, and `gap` where the id of `Last-Event-ID` is no longer kept.
   * @throws OrdinautError with `bad_request`, `unavailable`, `rate_limit_exceeded`, `internal_error`.
   */
  stream(query?: AlertStreamQuery, options?: StreamOptions): EventStream;

  /**
   * Show an alert.
   *
   * `alerts.get`: `GET /alerts/{id}`. Needs `alerts:read`. Changes nothing; sent again where it failed.
   *
   * @param id UUIDv7
   * @returns the alert.
   * @throws OrdinautError with `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  get(id: string, options?: CallOptions): Call<Alert>;

  /**
   * Change the fields that are sent.
   *
   * `alerts.update`: `PATCH /alerts/{id}`. Needs `alerts:write`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id UUIDv7
   * @param body what is sent
   * @returns the alert as it is now.
   * @throws OrdinautError with `bad_request`, `not_found`, `conflict`, `payload_too_large`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  update(id: string, body: AlertPatch, options?: CallOptions): Call<Alert>;

  /**
   * Take a new alert: it becomes triaged, and is assigned to somebody.
   *
   * `alerts.acknowledge`: `POST /alerts/{id}/acknowledge`. Needs `alerts:write`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id UUIDv7
   * @param body what is sent
   * @returns the alert as it is now.
   * @throws OrdinautError with `bad_request`, `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  acknowledge(id: string, body?: AcknowledgeInput, options?: CallOptions): Call<Alert>;
}

/** The operations of `client.handlers`. */
export interface HandlersResource {
  /**
   * Create a handler.
   *
   * `handlers.create`: `POST /handlers`. Needs `handlers:write`. Sent again where it failed, with the same `Idempotency-Key`.
   *
   * @param body what is sent
   * @returns the handler.
   * @throws OrdinautError with `bad_request`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  create(body: HandlerInput, options?: CallOptions): Call<Handler>;

  /**
   * List handlers, newest first.
   *
   * `handlers.list`: `GET /handlers`. Needs `handlers:read`. Changes nothing; sent again where it failed.
   *
   * @param query what is asked for
   * @returns A page of handlers.
   * @throws OrdinautError with `bad_request`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  list(query?: HandlerListQuery, options?: CallOptions): List<Handler>;

  /**
   * Show a handler.
   *
   * `handlers.get`: `GET /handlers/{id}`. Needs `handlers:read`. Changes nothing; sent again where it failed.
   *
   * @param id UUIDv7
   * @returns the handler.
   * @throws OrdinautError with `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  get(id: string, options?: CallOptions): Call<Handler>;

  /**
   * Change the fields that are sent (the same as PATCH).
   *
   * `handlers.replace`: `PUT /handlers/{id}`. Needs `handlers:write`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id UUIDv7
   * @param body what is sent
   * @returns the handler as it is now.
   * @throws OrdinautError with `bad_request`, `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  replace(id: string, body: HandlerInput, options?: CallOptions): Call<Handler>;

  /**
   * Change the fields that are sent.
   *
   * `handlers.update`: `PATCH /handlers/{id}`. Needs `handlers:write`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id UUIDv7
   * @param body what is sent
   * @returns the handler as it is now.
   * @throws OrdinautError with `bad_request`, `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  update(id: string, body: HandlerInput, options?: CallOptions): Call<Handler>;

  /**
   * Delete a handler (its events are kept).
   *
   * `handlers.delete`: `DELETE /handlers/{id}`. Needs `handlers:write`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id UUIDv7
   * @returns deleted.
   * @throws OrdinautError with `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  delete(id: string, options?: CallOptions): Call<OperationResult>;

  /**
   * Make events of a request, by the pipeline of the handler.
   *
   * `handlers.generate`: `POST /handlers/{id}/events`. Needs `handlers:run`. Sent again where it failed, with the same `Idempotency-Key`.
   *
   * @param id UUIDv7
   * @param body what is sent
   * @param query what is asked for
   * @returns the events, which are stored.
   * @throws OrdinautError with `bad_request`, `not_found`, `payload_too_large`, `pipeline_failed`, `timeout`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  generate(id: string, body?: unknown | DynamicRequest, query?: GenerateQuery, options?: CallOptions): Call<GeneratedEvents>;

  /**
   * Store events that the caller brings.
   *
   * `handlers.raw`: `POST /handlers/{id}/events/raw`. Needs `handlers:run`. Sent again where it failed, with the same `Idempotency-Key`.
   *
   * @param id UUIDv7
   * @param body what is sent
   * @param query what is asked for
   * @returns the events are stored.
   * @throws OrdinautError with `bad_request`, `not_found`, `conflict`, `payload_too_large`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  raw(id: string, body: RawEventsInput, query?: RawQuery, options?: CallOptions): Call<RawEvents>;

  /**
   * List the events of a handler, what was stored last first.
   *
   * `handlers.events`: `GET /handlers/{id}/events`. Needs `handlers:read`. Changes nothing; sent again where it failed.
   *
   * @param id UUIDv7
   * @param query what is asked for
   * @returns A page of events.
   * @throws OrdinautError with `bad_request`, `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  events(id: string, query?: HandlerEventQuery, options?: CallOptions): List<HandlerEvent>;

  /**
   * Show an event of a handler.
   *
   * `handlers.event`: `GET /handlers/events/{event_id}`. Needs `handlers:read`. Changes nothing; sent again where it failed.
   *
   * @param eventId eventId of it
   * @returns the event.
   * @throws OrdinautError with `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  event(eventId: string, options?: CallOptions): Call<HandlerEvent>;
}

/** The operations of `client.extensions`. */
export interface ExtensionsResource {
  /**
   * Show every extension: state, capabilities, figures.
   *
   * `extensions.status`: `GET /ext/status`. Needs a caller. Changes nothing; sent again where it failed.
   *
   * @param query what is asked for
   * @returns the extensions by id.
   * @throws OrdinautError with `bad_request`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  status(query?: ExtensionsStatusQuery, options?: CallOptions): Call<ExtensionsStatus>;

  /**
   * Show the health of an extension; one that is not loaded is not loaded by this.
   *
   * `extensions.health`: `GET /ext/{id}/health`. Needs a caller. Changes nothing; sent again where it failed.
   *
   * @param id id of the extension
   * @returns always 200; `status` tells.
   * @throws OrdinautError with `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  health(id: string, options?: CallOptions): Call<ExtensionHealth>;

  /**
   * Take manifest and code as they are on the disk now; nothing that runs is lost.
   *
   * `extensions.reload`: `POST /ext/{id}/reload`. Needs `ext:manage`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id id of the extension
   * @returns done: `details {extension_id, state}`.
   * @throws OrdinautError with `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  reload(id: string, options?: CallOptions): Call<OperationResult>;

  /**
   * Let an extension run; holds across restarts.
   *
   * `extensions.enable`: `POST /ext/{id}/enable`. Needs `ext:manage`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id id of the extension
   * @returns done: `details {extension_id, state}`.
   * @throws OrdinautError with `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  enable(id: string, options?: CallOptions): Call<OperationResult>;

  /**
   * Stop an extension; holds across restarts.
   *
   * `extensions.disable`: `POST /ext/{id}/disable`. Needs `ext:manage`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id id of the extension
   * @returns done: `details {extension_id, state}`.
   * @throws OrdinautError with `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  disable(id: string, options?: CallOptions): Call<OperationResult>;

  /**
   * Let a quarantined extension run again.
   *
   * `extensions.reset`: `POST /ext/{id}/reset`. Needs `ext:manage`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id id of the extension
   * @returns done: `details {extension_id, state}`.
   * @throws OrdinautError with `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  reset(id: string, options?: CallOptions): Call<OperationResult>;

  /**
   * Show the configuration of an extension, without the values of its secrets.
   *
   * `extensions.config`: `GET /ext/{id}/config`. Needs `ext:manage`. Changes nothing; sent again where it failed.
   *
   * @param id id of the extension
   * @returns the configuration.
   * @throws OrdinautError with `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  config(id: string, options?: CallOptions): Call<ExtensionConfig>;

  /**
   * Store the configuration of an extension, encrypted, and reload it with it.
   *
   * `extensions.configure`: `PUT /ext/{id}/config`. Needs `ext:manage`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id id of the extension
   * @param body what is sent
   * @returns stored: `details {extension_id, state}`.
   * @throws OrdinautError with `bad_request`, `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  configure(id: string, body: ExtensionConfigInput, options?: CallOptions): Call<OperationResult>;

  /**
   * Forget the stored configuration of an extension; that of ORDINAUT_EXT_CONFIG counts again.
   *
   * `extensions.unconfigure`: `DELETE /ext/{id}/config`. Needs `ext:manage`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id id of the extension
   * @returns forgotten: `details {extension_id, state}`.
   * @throws OrdinautError with `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  unconfigure(id: string, options?: CallOptions): Call<OperationResult>;
}

/** The operations of `client.plugins`. */
export interface PluginsResource {
  /**
   * List the plugins of the process that answers.
   *
   * `plugins.list`: `GET /plugins`. Needs `plugins:read`. Changes nothing; sent again where it failed.
   *
   * @returns the plugins, in the order of the setting.
   * @throws OrdinautError with `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  list(options?: CallOptions): Call<PluginList>;
}

/** The operations of `client.auth`. */
export interface AuthResource {
  /**
   * Log a user in.
   *
   * `auth.token`: `POST /auth/token`. Everybody may. Sent once: a failure does not tell whether it was done.
   *
   * @param body what is sent
   * @returns tokens.
   * @throws OrdinautError with `bad_request`, `unauthorized`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  token(body: LoginInput, options?: CallOptions): Call<TokenAnswer>;

  /**
   * Exchange a refresh token for the next pair; the old one counts for nothing any more.
   *
   * `auth.refresh`: `POST /auth/refresh`. Everybody may. Sent once: a failure does not tell whether it was done.
   *
   * @param body what is sent
   * @returns the next pair of tokens.
   * @throws OrdinautError with `bad_request`, `unauthorized`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  refresh(body: RefreshInput, options?: CallOptions): Call<TokenAnswer>;

  /**
   * End the session of a refresh token, with every token that came of it.
   *
   * `auth.revoke`: `POST /auth/revoke`. Everybody may. Sent again where it failed: a second time changes nothing more.
   *
   * @param body what is sent
   * @returns ended; the same for a token that is not known.
   * @throws OrdinautError with `bad_request`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  revoke(body: RefreshInput, options?: CallOptions): Call<OperationResult>;

  /**
   * End the session of the caller, with every token that came of it.
   *
   * `auth.logout`: `POST /auth/logout`. Needs a caller. Sent again where it failed: a second time changes nothing more.
   *
   * @returns ended.
   * @throws OrdinautError with `bad_request`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  logout(options?: CallOptions): Call<OperationResult>;

  /**
   * Log an agent in.
   *
   * `auth.agent_token`: `POST /agents/auth/token`. Everybody may. Sent once: a failure does not tell whether it was done.
   *
   * @param body what is sent
   * @returns tokens.
   * @throws OrdinautError with `bad_request`, `unauthorized`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  agentToken(body: AgentLoginInput, options?: CallOptions): Call<TokenAnswer>;

  /**
   * Exchange a refresh token for the next pair; the old one counts for nothing any more.
   *
   * `auth.agent_refresh`: `POST /agents/auth/refresh`. Everybody may. Sent once: a failure does not tell whether it was done.
   *
   * @param body what is sent
   * @returns the next pair of tokens.
   * @throws OrdinautError with `bad_request`, `unauthorized`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  agentRefresh(body: RefreshInput, options?: CallOptions): Call<TokenAnswer>;

  /**
   * End the session of a refresh token, with every token that came of it.
   *
   * `auth.agent_revoke`: `POST /agents/auth/revoke`. Everybody may. Sent again where it failed: a second time changes nothing more.
   *
   * @param body what is sent
   * @returns ended; the same for a token that is not known.
   * @throws OrdinautError with `bad_request`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  agentRevoke(body: RefreshInput, options?: CallOptions): Call<OperationResult>;

  /**
   * Show who the caller is; for pages, with the token that their changes have to carry.
   *
   * `auth.session`: `GET /auth/session`. Needs a caller. Changes nothing; sent again where it failed.
   *
   * @returns the caller.
   * @throws OrdinautError with `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  session(options?: CallOptions): Call<SessionState>;

  /**
   * Log a browser in: the answer sets a cookie.
   *
   * `auth.begin_session`: `POST /auth/session`. Everybody may. Sent once: a failure does not tell whether it was done.
   *
   * @param body what is sent
   * @returns the caller.
   * @throws OrdinautError with `bad_request`, `unauthorized`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  beginSession(body: SessionInput, options?: CallOptions): Call<SessionState>;

  /**
   * Log a browser out: the session ends, and the answer takes the cookie back.
   *
   * `auth.end_session`: `DELETE /auth/session`. Needs a caller. Sent again where it failed: a second time changes nothing more.
   *
   * @returns ended.
   * @throws OrdinautError with `bad_request`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  endSession(options?: CallOptions): Call<OperationResult>;
}

/** The operations of `client.apiKeys`. */
export interface ApiKeysResource {
  /**
   * Create an API key.
   *
   * `auth.create_api_key`: `POST /auth/api-keys`. Needs a caller. Sent once: a failure does not tell whether it was done.
   *
   * @param body what is sent
   * @returns the key, shown this once.
   * @throws OrdinautError with `bad_request`, `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  create(body: ApiKeyInput, options?: CallOptions): Call<CreatedApiKey>;

  /**
   * List API keys, newest first: those of the caller; with `admin` those of everybody.
   *
   * `auth.list_api_keys`: `GET /auth/api-keys`. Needs a caller. Changes nothing; sent again where it failed.
   *
   * @param query what is asked for
   * @returns A page of keys, without the keys themselves.
   * @throws OrdinautError with `bad_request`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  list(query?: ApiKeyListQuery, options?: CallOptions): List<ApiKey>;

  /**
   * Revoke an API key, at once.
   *
   * `auth.revoke_api_key`: `DELETE /auth/api-keys/{id}`. Needs a caller. Sent again where it failed: a second time changes nothing more.
   *
   * @param id UUIDv7
   * @returns revoked.
   * @throws OrdinautError with `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  revoke(id: string, options?: CallOptions): Call<OperationResult>;
}

/** The operations of `client.users`. */
export interface UsersResource {
  /**
   * Show who the caller is.
   *
   * `users.me`: `GET /users/me`. Needs a caller. Changes nothing; sent again where it failed.
   *
   * @returns the caller.
   * @throws OrdinautError with `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  me(options?: CallOptions): Call<Me>;

  /**
   * Change the password of the caller; every session of theirs ends.
   *
   * `users.change_password`: `POST /users/me/password`. Needs a caller. Sent once: a failure does not tell whether it was done.
   *
   * @param body what is sent
   * @returns changed.
   * @throws OrdinautError with `bad_request`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  changePassword(body: PasswordChange, options?: CallOptions): Call<OperationResult>;

  /**
   * Create a user.
   *
   * `users.create`: `POST /users`. Needs `admin`. Sent once: a failure does not tell whether it was done.
   *
   * @param body what is sent
   * @returns the user.
   * @throws OrdinautError with `bad_request`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  create(body: UserInput, options?: CallOptions): Call<CreatedUser>;

  /**
   * List users, newest first.
   *
   * `users.list`: `GET /users`. Needs `admin`. Changes nothing; sent again where it failed.
   *
   * @param query what is asked for
   * @returns A page of users.
   * @throws OrdinautError with `bad_request`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  list(query?: PrincipalListQuery, options?: CallOptions): List<User>;

  /**
   * Show a user.
   *
   * `users.get`: `GET /users/{username}`. Needs `admin`. Changes nothing; sent again where it failed.
   *
   * @param username name of the user
   * @returns the user.
   * @throws OrdinautError with `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  get(username: string, options?: CallOptions): Call<User>;

  /**
   * Change role, scopes or password of a user, or disable them; it counts at once.
   *
   * `users.update`: `PATCH /users/{username}`. Needs `admin`. Sent again where it failed: a second time changes nothing more.
   *
   * @param username name of the user
   * @param body what is sent
   * @returns the user as it is now.
   * @throws OrdinautError with `bad_request`, `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  update(username: string, body: UserPatch, options?: CallOptions): Call<User>;

  /**
   * Delete a user; the name stays taken, because the history bears it.
   *
   * `users.delete`: `DELETE /users/{username}`. Needs `admin`. Sent again where it failed: a second time changes nothing more.
   *
   * @param username name of the user
   * @returns deleted.
   * @throws OrdinautError with `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  delete(username: string, options?: CallOptions): Call<OperationResult>;
}

/** The operations of `client.agents`. */
export interface AgentsResource {
  /**
   * Create an agent: a program with a name and scopes of its own.
   *
   * `agents.create`: `POST /agents`. Needs `admin`. Sent again where it failed, with the same `Idempotency-Key`.
   *
   * @param body what is sent
   * @returns the agent; it has no secret yet.
   * @throws OrdinautError with `bad_request`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  create(body: AgentInput, options?: CallOptions): Call<Agent>;

  /**
   * List agents, newest first.
   *
   * `agents.list`: `GET /agents`. Needs `admin`. Changes nothing; sent again where it failed.
   *
   * @param query what is asked for
   * @returns A page of agents.
   * @throws OrdinautError with `bad_request`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  list(query?: PrincipalListQuery, options?: CallOptions): List<Agent>;

  /**
   * Show an agent.
   *
   * `agents.get`: `GET /agents/{id}`. Needs `admin`. Changes nothing; sent again where it failed.
   *
   * @param id UUIDv7
   * @returns the agent.
   * @throws OrdinautError with `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  get(id: string, options?: CallOptions): Call<Agent>;

  /**
   * Change description, role or scopes of an agent, or disable it; it counts at once.
   *
   * `agents.update`: `PATCH /agents/{id}`. Needs `admin`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id UUIDv7
   * @param body what is sent
   * @returns the agent as it is now.
   * @throws OrdinautError with `bad_request`, `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  update(id: string, body: AgentPatch, options?: CallOptions): Call<Agent>;

  /**
   * Delete an agent; the name stays taken, because the history bears it.
   *
   * `agents.delete`: `DELETE /agents/{id}`. Needs `admin`. Sent again where it failed: a second time changes nothing more.
   *
   * @param id UUIDv7
   * @returns deleted.
   * @throws OrdinautError with `not_found`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  delete(id: string, options?: CallOptions): Call<OperationResult>;

  /**
   * Make a new secret for an agent; the one before, and the sessions of it, count for nothing any more.
   *
   * `agents.create_credentials`: `POST /agents/{id}/credentials`. Needs `admin`. Sent once: a failure does not tell whether it was done.
   *
   * @param id UUIDv7
   * @returns the secret, shown this once.
   * @throws OrdinautError with `not_found`, `conflict`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  createCredentials(id: string, options?: CallOptions): Call<AgentCredentials>;
}

/** The operations of `client.audit`. */
export interface AuditResource {
  /**
   * List what was changed, and by whom, newest first.
   *
   * `audit.list`: `GET /audit`. Needs `admin`. Changes nothing; sent again where it failed.
   *
   * @param query what is asked for
   * @returns A page of entries.
   * @throws OrdinautError with `bad_request`, `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  list(query?: AuditQuery, options?: CallOptions): List<AuditEntry>;
}

/** The operations of `client.system`. */
export interface SystemResource {
  /**
   * Show the health of every part.
   *
   * `system.health`: `GET /health`. Everybody may. Changes nothing; sent again where it failed.
   *
   * @returns always 200; `status` tells.
   * @throws OrdinautError with `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  health(options?: CallOptions): Call<Health>;

  /**
   * Whether requests can be served.
   *
   * `system.ready`: `GET /health/ready`. Everybody may. Changes nothing; sent again where it failed.
   *
   * @returns ready.
   * @throws OrdinautError with `unavailable`, `rate_limit_exceeded`, `internal_error`.
   */
  ready(options?: CallOptions): Call<Health>;

  /**
   * Whether the process is alive.
   *
   * `system.live`: `GET /health/live`. Everybody may. Changes nothing; sent again where it failed.
   *
   * @returns alive.
   * @throws OrdinautError with `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  live(options?: CallOptions): Call<Liveness>;

  /**
   * Show how this process runs.
   *
   * `system.mode`: `GET /system/mode`. Needs a caller. Changes nothing; sent again where it failed.
   *
   * @returns version, store, roles.
   * @throws OrdinautError with `rate_limit_exceeded`, `internal_error`, `unavailable`.
   */
  mode(options?: CallOptions): Call<SystemMode>;
}

/** Every resource that comes from the table of operations. */
export interface TableResources {
  readonly tasks: TasksResource;
  readonly schedules: SchedulesResource;
  readonly runs: RunsResource;
  readonly approvals: ApprovalsResource;
  readonly events: EventsResource;
  readonly tools: ToolsResource;
  readonly alerts: AlertsResource;
  readonly handlers: HandlersResource;
  readonly extensions: ExtensionsResource;
  readonly plugins: PluginsResource;
  readonly auth: AuthResource;
  readonly apiKeys: ApiKeysResource;
  readonly users: UsersResource;
  readonly agents: AgentsResource;
  readonly audit: AuditResource;
  readonly system: SystemResource;
}
