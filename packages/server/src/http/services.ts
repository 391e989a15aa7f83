import type {
  ExtensionConfig,
  ExtensionHealth,
  ExtensionsStatus,
  Health,
  Liveness,
  OperationResult,
  Page,
  PluginList,
  Preview,
  Run,
  RunListQuery,
  RunStatsSummary,
  RunSummary,
  SystemMode,
  Task,
  TaskListQuery,
  TaskStats,
  ToolCallResult,
  ToolInfo,
} from '@ordinaut/contract';
import type { AlertService } from '../alerts/alert-service.ts';
import type { ApprovalService } from '../approvals/approval-service.ts';
import type { EventApi } from '../events/event-api.ts';
import type { EventStreams } from '../events/streams.ts';
import type { Extension } from '../extensions/extension.ts';
import type { HandlerCalls } from '../handlers/handler-calls.ts';
import type { HandlerService } from '../handlers/handler-service.ts';
import type { AgentService } from '../identity/agent-service.ts';
import type { ApiKeyService } from '../identity/api-key-service.ts';
import type { AuditLog } from '../identity/audit-log.ts';
import type { AuthService } from '../identity/auth-service.ts';
import type { Caller } from '../identity/caller.ts';
import type { UserService } from '../identity/user-service.ts';
import type { FollowOptions, RunEvent } from '../runs/follow.ts';
import type { IdempotencyKeys } from '../storage/idempotency.ts';

/**
 * What the HTTP rooms need from the rest of the server: each route is one call of one of these.
 *
 * Bodies arrive unchecked: the services validate them, so that every door (HTTP, command line, other protocols) has one
 * truth. They throw `ApiError`; anything else that is thrown is answered as `internal_error` and logged.
 */
export interface HttpServices {
  readonly tasks: {
    create(input: unknown, by: Caller): Promise<Task>;
    list(query: TaskListQuery): Promise<Page<Task>>;
    get(id: string): Promise<Task>;
    update(id: string, patch: unknown, by: Caller): Promise<Task>;
    cancel(id: string): Promise<OperationResult>;
    pause(id: string): Promise<OperationResult>;
    resume(id: string): Promise<OperationResult>;
    snooze(id: string, input: unknown): Promise<OperationResult>;
    /** `input` is undefined where the request has no body. */
    runNow(id: string, input: unknown): Promise<OperationResult>;
  };
  readonly runs: {
    list(query: RunListQuery): Promise<Page<RunSummary>>;
    get(id: string): Promise<Run>;
    cancel(id: string): Promise<OperationResult>;
    retry(id: string): Promise<OperationResult>;
    /** @throws ApiError `not_found` where the task is not there; null where it has no run. */
    latestOf(taskId: string): Promise<Run | null>;
    /** `days` undefined: 30. */
    statsOf(taskId: string, days: number | undefined): Promise<TaskStats>;
    /** `days` undefined: 7. */
    summary(days: number | undefined): Promise<RunStatsSummary>;
    /** Yields the present state, then every change; ends when the run is over. Throws `not_found` at the first step. */
    follow(id: string, options: FollowOptions): AsyncIterable<RunEvent>;
  };
  readonly alerts: Pick<AlertService, 'submit' | 'submitAll' | 'list' | 'get' | 'update' | 'acknowledge'>;
  /** The events that live views follow. */
  readonly streams: Pick<EventStreams, 'follow' | 'head'>;
  readonly approvals: Pick<ApprovalService, 'list' | 'get' | 'decide'>;
  readonly handlers: Pick<HandlerService, 'create' | 'list' | 'get' | 'update' | 'delete'>;
  readonly handlerCalls: Pick<HandlerCalls, 'generate' | 'raw' | 'events' | 'event'>;
  readonly auth: Pick<AuthService, 'logIn' | 'logInAgent' | 'logInBrowser' | 'refresh' | 'revoke' | 'endSession'>;
  readonly users: Pick<UserService, 'create' | 'list' | 'get' | 'update' | 'delete' | 'changePassword'>;
  readonly agents: Pick<AgentService, 'create' | 'list' | 'get' | 'update' | 'delete' | 'createCredentials'>;
  readonly apiKeys: Pick<ApiKeyService, 'create' | 'list' | 'revoke'>;
  readonly audit: Pick<AuditLog, 'record' | 'list'>;
  readonly extensions: {
    status(options: { effects: boolean; reasons: boolean }): ExtensionsStatus;
    health(id: string): Promise<ExtensionHealth>;
    reload(id: string): Promise<OperationResult>;
    enable(id: string): Promise<OperationResult>;
    disable(id: string): Promise<OperationResult>;
    reset(id: string): Promise<OperationResult>;
    config(id: string): Promise<ExtensionConfig>;
    configure(id: string, input: unknown): Promise<OperationResult>;
    unconfigure(id: string): Promise<OperationResult>;
    /** @throws ApiError `not_found` */
    find(id: string): Extension;
  };
  readonly plugins: {
    list(): PluginList;
  };
  readonly events: Pick<EventApi, 'publish' | 'topics' | 'recent' | 'messages' | 'cleanup'>;
  /** @throws ApiError `bad_request` */
  preview(input: unknown): Preview;
  readonly tools: {
    list(): ToolInfo[];
    get(name: string): ToolInfo | null;
    /** A failure of the tool is a result; only an unknown tool (`not_found`) and a refusal are thrown. */
    call(
      name: string,
      input: unknown,
      options: { signal: AbortSignal; timeoutMs: number; by: Caller },
    ): Promise<ToolCallResult>;
  };
  readonly health: {
    check(): Promise<Health>;
    ready(): Promise<Health>;
    live(): Liveness;
    mode(): SystemMode;
  };
  readonly idempotency: Pick<IdempotencyKeys, 'begin' | 'complete' | 'abandon'>;
}
