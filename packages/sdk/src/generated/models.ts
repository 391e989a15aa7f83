// Generated from packages/contract by packages/sdk/scripts/generate.ts. Do not edit.

export interface AcknowledgeInput {
  /** Who takes it; default: the caller. */
  assigned_agent?: string;
}

export interface Agent {
  name: string;
  description: string | null;
  /** Whether it can log in; `POST /agents/{id}/credentials` makes a secret. */
  has_secret: boolean;
  /** UUIDv7. */
  id: string;
  role: string | null;
  /** Besides those of the role. */
  scopes: string[];
  /** Those of the role and its own together. */
  effective_scopes: string[];
  disabled: boolean;
  created_by: string | null;
  /** Instant in UTC, ISO 8601. */
  created_at: string;
  /** Instant in UTC, ISO 8601. */
  updated_at: string;
  last_login_at: string | null;
}

export interface AgentCredentials {
  /** UUIDv7. */
  agent_id: string;
  /** Shown this once; the one before counts for nothing any more. */
  agent_secret: string;
  message: string;
}

export interface AgentInput {
  /** Letters, digits and `_ . @ + -`; unique among users and agents, and never given again. */
  name: string;
  description?: string | null;
  role?: 'admin' | 'operator' | 'analyst' | 'viewer' | 'api_service' | null;
  /** Besides those of the role. Default: `[]`. */
  scopes?: string[];
}

export interface AgentLoginInput {
  /** Id or name of the agent. */
  agent_id: string;
  agent_secret: string;
  /** Only these of what the agent may do; default: all of it. */
  scopes?: string[];
}

export interface AgentPatch {
  description?: string | null;
  role?: 'admin' | 'operator' | 'analyst' | 'viewer' | 'api_service' | null;
  scopes?: string[];
  disabled?: boolean;
}

export interface Alert {
  /** UUIDv7. */
  id: string;
  title: string;
  description: string | null;
  severity: 'critical' | 'high' | 'medium' | 'low' | 'info';
  status: 'new' | 'triaged' | 'investigating' | 'escalated' | 'resolved' | 'false_positive';
  source: string;
  asset_type: string | null;
  affected_assets: string[];
  iocs: Ioc[];
  mitre_techniques: string[];
  raw_log: string | null;
  assigned_agent: string | null;
  case_id: string | null;
  /** The `dedup_key` of the submission, or the SHA-256 of title, source and IOCs. */
  dedup_hash: string;
  /** Times it was submitted. */
  occurrences: number;
  /** Instant in UTC, ISO 8601. */
  first_seen: string;
  /** Instant in UTC, ISO 8601. */
  last_seen: string;
  /** Instant in UTC, ISO 8601. */
  created_at: string;
  /** Instant in UTC, ISO 8601. */
  updated_at: string;
  metadata: Record<string, unknown>;
}

export interface AlertBulkInput {
  alerts: AlertInput[];
}

export interface AlertBulkResult {
  /** One for each alert, in the order in which they were given. */
  results: ({
    outcome: 'created' | 'deduplicated' | 'rejected';
    alert?: {
      /** UUIDv7. */
      id: string;
      title: string;
      description: string | null;
      severity: 'critical' | 'high' | 'medium' | 'low' | 'info';
      status: 'new' | 'triaged' | 'investigating' | 'escalated' | 'resolved' | 'false_positive';
      source: string;
      asset_type: string | null;
      affected_assets: string[];
      iocs: Ioc[];
      mitre_techniques: string[];
      raw_log: string | null;
      assigned_agent: string | null;
      case_id: string | null;
      /** The `dedup_key` of the submission, or the SHA-256 of title, source and IOCs. */
      dedup_hash: string;
      /** Times it was submitted. */
      occurrences: number;
      /** Instant in UTC, ISO 8601. */
      first_seen: string;
      /** Instant in UTC, ISO 8601. */
      last_seen: string;
      /** Instant in UTC, ISO 8601. */
      created_at: string;
      /** Instant in UTC, ISO 8601. */
      updated_at: string;
      metadata: Record<string, unknown>;
    };
    /** As in an error body. */
    error?: {
      error: string;
      message: string;
      details: Record<string, unknown>;
    };
  })[];
  created: number;
  deduplicated: number;
  rejected: number;
}

export interface AlertInput {
  title: string;
  severity: 'critical' | 'high' | 'medium' | 'low' | 'info';
  /** What has noticed it. */
  source: string;
  description?: string | null;
  asset_type?: string | null;
  affected_assets?: string[];
  iocs?: Ioc[];
  mitre_techniques?: string[];
  raw_log?: string | null;
  assigned_agent?: string | null;
  case_id?: string | null;
  metadata?: Record<string, unknown>;
  dedup_key?: string | null;
}

export interface AlertListQuery {
  /** Items a page. Default: `50`. */
  limit?: number | undefined;
  /** Items to skip. */
  offset?: number | undefined;
  /** Another name of `offset`. */
  skip?: number | undefined;
  /** `next_cursor` of the page before. */
  cursor?: string | undefined;
  severity?: 'critical' | 'high' | 'medium' | 'low' | 'info' | undefined;
  status?: 'new' | 'triaged' | 'investigating' | 'escalated' | 'resolved' | 'false_positive' | undefined;
  source?: string | undefined;
  /** Only alerts seen since this instant. */
  since?: string | undefined;
  /** Part of title or description. */
  q?: string | undefined;
}

export interface AlertPatch {
  title?: string;
  severity?: 'critical' | 'high' | 'medium' | 'low' | 'info';
  status?: 'new' | 'triaged' | 'investigating' | 'escalated' | 'resolved' | 'false_positive';
  description?: string | null;
  asset_type?: string | null;
  affected_assets?: string[];
  iocs?: Ioc[];
  mitre_techniques?: string[];
  raw_log?: string | null;
  assigned_agent?: string | null;
  case_id?: string | null;
  metadata?: Record<string, unknown>;
}

export interface AlertStreamQuery {
  severity?: 'critical' | 'high' | 'medium' | 'low' | 'info' | undefined;
  status?: 'new' | 'triaged' | 'investigating' | 'escalated' | 'resolved' | 'false_positive' | undefined;
  source?: string | undefined;
}

export interface ApiKey {
  /** UUIDv7. */
  id: string;
  name: string;
  /** Name of the user or agent. */
  owner: string;
  /** How the key begins, to tell it from others. */
  prefix: string;
  /** What its owner may not do any more is not in force. */
  scopes: string[];
  /** Instant in UTC, ISO 8601. */
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
}

export interface ApiKeyInput {
  /** What it is for. */
  name: string;
  /** At most what its owner may do; default: all of it as it is now. */
  scopes?: string[];
  expires_in_days?: number | null;
  /** Name of the user or agent whose key it is; another than the caller needs `admin`. */
  owner?: string;
}

export interface ApiKeyListQuery {
  /** Items a page. Default: `50`. */
  limit?: number | undefined;
  /** Items to skip. */
  offset?: number | undefined;
  /** Another name of `offset`. */
  skip?: number | undefined;
  /** `next_cursor` of the page before. */
  cursor?: string | undefined;
  /** Name of another user or agent; needs `admin`. */
  owner?: string | undefined;
}

export interface Approval {
  /** UUIDv7. */
  id: string;
  /** UUIDv7. */
  run_id: string;
  /** UUIDv7. */
  task_id: string;
  step_id: string;
  status: 'pending' | 'approved' | 'rejected' | 'expired' | 'canceled';
  title: string;
  message: string | null;
  details: Record<string, unknown> | null;
  /** Empty: everybody with the scope approvals:decide. */
  approvers: string[];
  allow_self: boolean;
  on_reject: 'fail' | 'continue';
  on_expiry: 'fail' | 'reject' | 'approve';
  requested_by: string | null;
  /** Instant in UTC, ISO 8601. */
  created_at: string;
  /** Instant in UTC, ISO 8601. */
  expires_at: string;
  decided_by: string | null;
  comment: string | null;
  decided_at: string | null;
}

export interface ApprovalListQuery {
  /** Items a page. Default: `50`. */
  limit?: number | undefined;
  /** Items to skip. */
  offset?: number | undefined;
  /** Another name of `offset`. */
  skip?: number | undefined;
  /** `next_cursor` of the page before. */
  cursor?: string | undefined;
  status?: 'pending' | 'approved' | 'rejected' | 'expired' | 'canceled' | undefined;
  /** UUIDv7. */
  run_id?: string | undefined;
  /** UUIDv7. */
  task_id?: string | undefined;
}

export interface AuditEntry {
  /** UUIDv7. */
  id: string;
  /** Instant in UTC, ISO 8601. */
  at: string;
  /** Id of the operation, for example `tasks.create`. */
  action: string;
  target: string | null;
  fields: string[] | null;
  principal: string | null;
  via: 'none' | 'token' | 'api_key' | 'session';
  /** From where. */
  address: string;
  request_id: string;
  outcome: 'success' | 'refused' | 'failed';
  /** HTTP status of the answer. */
  status: number;
  error: string | null;
}

export interface AuditQuery {
  /** Items a page. Default: `50`. */
  limit?: number | undefined;
  /** Items to skip. */
  offset?: number | undefined;
  /** Another name of `offset`. */
  skip?: number | undefined;
  /** `next_cursor` of the page before. */
  cursor?: string | undefined;
  principal?: string | undefined;
  action?: string | undefined;
  outcome?: 'success' | 'refused' | 'failed' | undefined;
  /** Instant in UTC, ISO 8601. */
  since?: string | undefined;
  /** Instant in UTC, ISO 8601. */
  until?: string | undefined;
  /** Only entries newer than this one. */
  after?: string | undefined;
}

export interface CleanupEventsQuery {
  /** Events older than this are deleted. */
  max_age_hours: number;
}

export interface CreatedApiKey {
  /** UUIDv7. */
  id: string;
  name: string;
  /** Name of the user or agent. */
  owner: string;
  /** How the key begins, to tell it from others. */
  prefix: string;
  /** What its owner may not do any more is not in force. */
  scopes: string[];
  /** Instant in UTC, ISO 8601. */
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  revoked_at: string | null;
  /** Send it as `X-API-Key`; shown this once. */
  api_key: string;
}

export interface CreatedUser {
  username: string;
  /** UUIDv7. */
  id: string;
  role: string | null;
  /** Besides those of the role. */
  scopes: string[];
  /** Those of the role and its own together. */
  effective_scopes: string[];
  disabled: boolean;
  created_by: string | null;
  /** Instant in UTC, ISO 8601. */
  created_at: string;
  /** Instant in UTC, ISO 8601. */
  updated_at: string;
  last_login_at: string | null;
  /** The random one, where none was given; shown this once. */
  password?: string;
}

export interface DecisionInput {
  /** Why; shown with the decision. */
  comment?: string;
}

export interface DynamicRequest {
  /** Steps, run one after another. */
  pipeline: Step[];
  /** Values for `${params.…}`. */
  params?: Record<string, unknown>;
  /** `event.body` of the pipeline; default: null. */
  body?: unknown;
}

export interface EventList {
  items: PublishedEvent[];
  total: number;
}

export interface EventPublication {
  success: boolean;
  message: string;
  details: {
    /** UUIDv7. */
    event_id: string;
    /** Rises strictly within its stream: `<milliseconds>-<number>`. */
    stream_id: string;
    topic: string;
    /** Tasks that it has started a run of. */
    triggered_tasks: string[];
    /** Instant in UTC, ISO 8601. */
    published_at: string;
  };
}

export interface EventPublicationInput {
  /** Names joined by dots, like `deploy.finished`; not under `run.`, `task.`, `approval.`, `alert.`, `handler.`, `extension.`. */
  topic: string;
  /** Anything JSON can hold, at most 256 KiB; default: null. */
  payload?: unknown;
  /** Shown as `source`. */
  source_agent_id?: string;
}

export interface ExtensionConfig {
  extension_id: string;
  /** `stored`: by `PUT /ext/{id}/config`, which goes before `environment`: ORDINAUT_EXT_CONFIG. */
  source: 'stored' | 'environment' | 'none';
  /** What was given, without defaults; the value of a secret is `"********"`. */
  config: Record<string, unknown>;
  schema: Record<string, unknown> | null;
}

export interface ExtensionConfigInput {
  /** All of it; a secret whose value is `"********"` keeps the one it has. */
  config: Record<string, unknown>;
}

export interface ExtensionHealth {
  status: 'healthy' | 'degraded' | 'unhealthy';
  /** Instant in UTC, ISO 8601. */
  timestamp: string;
  /** Version of the extension. */
  version: string;
  checks: Record<string, string>;
}

export interface ExtensionStatus {
  /** `discovered`: known, started at its first use. `error`: tried again at the next use. */
  state: 'discovered' | 'activating' | 'loaded' | 'draining' | 'unloaded' | 'invalid' | 'disabled' | 'error' | 'quarantined';
  info: {
    id: string;
    name: string;
    version: string;
    description: string;
  };
  /** What is granted. */
  capabilities: string[];
  loaded_ms: number | null;
  metrics: {
    requests_total: number;
    errors_total: number;
    latency_ms_sum: number;
  };
  /** Why it does not run. */
  error?: string;
  /** Where it was found; with `effects=1`. */
  source?: 'builtin' | 'env_dir' | 'env_file' | 'package';
  generation?: number | null;
  /** `open`: requests are refused for a while; with `effects=1`. */
  breaker?: 'closed' | 'open' | 'half_open';
  /** What it holds, oldest first; with `effects=1`. */
  effects?: {
    kind: string;
    label: string;
  }[];
}

export interface ExtensionsStatus {
  /** By id. */
  extensions: Record<string, ExtensionStatus>;
  /** Where extensions were found. */
  discovery_sources: string[];
  total_extensions: number;
  loaded_extensions: number;
  /** In the states `invalid`, `error` and `quarantined`. */
  failed_extensions: number;
}

export interface ExtensionsStatusQuery {
  /** 1 shows more of each: where it was found, generation, breaker, what it holds. Default: `0`. */
  effects?: number | undefined;
}

export interface FireTime {
  /** Instant in UTC, ISO 8601. */
  at: string;
  /** The same instant on the wall clock of the zone, with its offset. */
  local: string;
  note: string | null;
}

export interface FollowEventsQuery {
  /** Glob of topics, like `run.*`; default: all. */
  topic?: string | undefined;
}

export interface GenerateQuery {
  /** Where it comes from. */
  source?: string | undefined;
  /** Its id elsewhere. */
  external_id?: string | undefined;
  /** What it belongs to, together with others. */
  track_id?: string | undefined;
  /** Joined by commas, or given several times; at most 50 of at most 128 characters. */
  tags?: string | string[] | undefined;
  /** Anything the caller wants to find in the events. */
  user_data?: string | undefined;
}

export interface GeneratedEvents {
  events: HandlerEvent[];
  /** Items of the pipeline that were null or false, and no events. */
  filtered: number;
}

export interface Handler {
  /** UUIDv7. */
  id: string;
  description: string | null;
  pipeline: Step[] | null;
  params: Record<string, unknown>;
  is_dynamic: boolean;
  created_by: string | null;
  /** Counts the changes, from 1. */
  version: number;
  /** Instant in UTC, ISO 8601. */
  created_at: string;
  /** Instant in UTC, ISO 8601. */
  updated_at: string;
}

export interface HandlerEvent {
  event_id: string;
  /** Path of the event. */
  url: string;
  /** UUIDv7. */
  handler_id: string;
  /** On whose account; all zeros: nobody who is known. */
  account_id: string;
  /** Instant in UTC, ISO 8601. */
  create_time: string;
  /** Instant in UTC, ISO 8601. */
  end_time: string;
  source: string | null;
  user_data: string | null;
  external_id: string | null;
  track_id: string | null;
  tags: string[];
  /** What the pipeline has made, or the caller has brought. */
  data: unknown;
}

export interface HandlerEventQuery {
  /** Items a page. Default: `50`. */
  limit?: number | undefined;
  /** Items to skip. */
  offset?: number | undefined;
  /** Another name of `offset`. */
  skip?: number | undefined;
  /** `next_cursor` of the page before. */
  cursor?: string | undefined;
  /** Where it comes from. */
  source?: string | undefined;
  /** Its id elsewhere. */
  external_id?: string | undefined;
  /** What it belongs to, together with others. */
  track_id?: string | undefined;
  /** Joined by commas, or given several times; at most 50 of at most 128 characters. */
  tags?: string | string[] | undefined;
  /** Only events whose `create_time` is this instant or later. */
  since?: string | undefined;
  /** Only events whose `create_time` is before this instant. */
  until?: string | undefined;
}

export interface HandlerInput {
  description?: string | null;
  /** Steps, run one after another; null for a dynamic handler, which is given them with each request. */
  pipeline?: Step[] | null;
  /** Values for `${params.…}`. */
  params?: Record<string, unknown>;
  /** Whether the pipeline comes with each request. Default: `false`. */
  is_dynamic?: boolean;
  /** Accept steps whose tool is not there (yet). Default: `false`. */
  allow_unknown_tools?: boolean;
}

export interface HandlerListQuery {
  /** Items a page. Default: `50`. */
  limit?: number | undefined;
  /** Items to skip. */
  offset?: number | undefined;
  /** Another name of `offset`. */
  skip?: number | undefined;
  /** `next_cursor` of the page before. */
  cursor?: string | undefined;
  is_dynamic?: boolean | undefined;
  created_by?: string | undefined;
}

export interface Health {
  status: 'healthy' | 'degraded' | 'unhealthy';
  /** Instant in UTC, ISO 8601. */
  timestamp: string;
  version: string;
  checks: HealthCheck[];
}

export interface HealthCheck {
  name: string;
  status: 'healthy' | 'degraded' | 'unhealthy';
  message: string;
  latency_ms: number | null;
}

export interface Ioc {
  type: string;
  value: string;
  [key: string]: unknown;
}

export interface Liveness {
  status: 'alive';
  /** Instant in UTC, ISO 8601. */
  timestamp: string;
  version: string;
  uptime_seconds: number;
}

export interface LoginInput {
  username: string;
  password: string;
  /** Only these of what the user may do; default: all of it. */
  scopes?: string[];
}

export interface Me {
  /** False where the server lets everybody in and no credentials were sent. */
  authenticated: boolean;
  kind: 'user' | 'agent' | null;
  id: string | null;
  username: string | null;
  role: string | null;
  scopes: string[];
  /** What the caller has shown. */
  via: 'none' | 'token' | 'api_key' | 'session';
}

export interface OperationResult {
  success: boolean;
  message: string;
  details: Record<string, unknown>;
}

export interface PasswordChange {
  current_password: string;
  new_password: string;
}

export interface Payload {
  /** Values for `${params.…}`. */
  params?: Record<string, unknown>;
  /** Steps, run one after another. */
  pipeline: Step[];
}

export interface PluginInfo {
  /** Its file without the extension. */
  name: string;
  /** `mixed`: it has classes of several kinds. null: its classes are not known, because it could not be loaded. */
  kind: 'sending' | 'monitoring' | 'event' | 'background' | 'mixed' | null;
  status: 'starting' | 'running' | 'failed' | 'stopped';
  classes: string[];
  /** The event it is called for; null where there is none, or several. */
  event: string | null;
  /** Why it is failed. */
  error?: string;
  routes: string[];
  metrics: {
    /** Events. */
    handled_total: number;
    failed_total: number;
    retried_total: number;
    /** Events for which the queue had no room. */
    dropped_total: number;
    /** Requests to its routes. */
    requests_total: number;
    /** Those where a route has thrown, or taken too long. */
    requests_failed_total: number;
    /** Errors that nothing caught. */
    crashes_total: number;
    /** Events that wait, or are being handled. */
    queued: number;
  };
}

export interface PluginList {
  plugins: PluginInfo[];
}

export interface Preview {
  timezone: string;
  /** The schedule in words. */
  description: string;
  fire_times: FireTime[];
}

export interface PreviewInput {
  schedule_kind: ScheduleKind;
  schedule_expr?: string | null;
  event_topic?: string | null;
  /** Default: `"UTC"`. */
  timezone?: string;
  dtstart?: string | null;
  /** Default: `10`. */
  count?: number;
  /** Fire times after this; default: now. */
  from?: string;
}

export interface PrincipalListQuery {
  /** Items a page. Default: `50`. */
  limit?: number | undefined;
  /** Items to skip. */
  offset?: number | undefined;
  /** Another name of `offset`. */
  skip?: number | undefined;
  /** `next_cursor` of the page before. */
  cursor?: string | undefined;
  /** Part of the name. */
  name?: string | undefined;
  /** A named set of scopes. */
  role?: 'admin' | 'operator' | 'analyst' | 'viewer' | 'api_service' | undefined;
  disabled?: boolean | undefined;
}

export interface PublishedEvent {
  /** Rises strictly within its stream. */
  id: string;
  /** `core`, or `ext:<id>:events:<topic>`. */
  stream: string;
  topic: string;
  data: unknown;
  source: string | null;
  /** UUIDv7. */
  event_id: string;
  /** Instant in UTC, ISO 8601. */
  published_at: string;
}

export interface RawEventInput {
  /** Anything JSON can hold. */
  data: unknown;
  source?: string | null;
  user_data?: string | null;
  external_id?: string | null;
  track_id?: string | null;
  tags?: string[];
  /** Default: a new one. */
  event_id?: string;
  /** Default: that of the request. */
  create_time?: string;
  /** Default: that of the request. */
  end_time?: string;
}

export interface RawEvents {
  events: {
    event_id: string;
    /** Path of the event. */
    url: string;
  }[];
}

export interface RawEventsInput {
  events: RawEventInput[];
}

export interface RawQuery {
  /** `false`: the answer does not wait until the events are stored. Default: `true`. */
  wait_saving?: boolean | undefined;
}

export interface RecentEventsQuery {
  /** Events, newest first. Default: `100`. */
  count?: number | undefined;
}

export interface RefreshInput {
  refresh_token: string;
}

export interface Run {
  /** UUIDv7. */
  id: string;
  /** UUIDv7. */
  task_id: string;
  /** Revision of the task that is run. */
  revision: number;
  status: 'queued' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'canceled';
  success: boolean | null;
  trigger: 'schedule' | 'manual' | 'event' | 'condition' | 'api';
  nominal_time: string | null;
  priority: number;
  /** Attempts begun; 0 while none has. */
  attempt: number;
  params: Record<string, unknown> | null;
  concurrency_key: string | null;
  retry_of: string | null;
  lease_owner: string | null;
  leased_until: string | null;
  wake_at: string | null;
  /** Instant in UTC, ISO 8601. */
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  error: RunError | null;
  output: unknown;
  steps: StepRecord[];
}

export interface RunError {
  /** Code from the run errors of the catalogue. */
  code: string;
  message: string;
  step_id: string | null;
}

export interface RunListQuery {
  /** Items a page. Default: `50`. */
  limit?: number | undefined;
  /** Items to skip. */
  offset?: number | undefined;
  /** Another name of `offset`. */
  skip?: number | undefined;
  /** `next_cursor` of the page before. */
  cursor?: string | undefined;
  /** UUIDv7. */
  task_id?: string | undefined;
  status?: 'queued' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'canceled' | undefined;
  success?: boolean | undefined;
  /** Created at or after. */
  start_time?: string | undefined;
  /** Created before. */
  end_time?: string | undefined;
  /** Whether errors carry their message. Default: `true`. */
  include_errors?: boolean | undefined;
}

export interface RunNowInput {
  /** Laid over the params of the task for this run. */
  params?: Record<string, unknown>;
}

export interface RunStatsSummary {
  period_days: number;
  total_runs: number;
  total_tasks_executed: number;
  successful_runs: number;
  failed_runs: number;
  canceled_runs: number;
  success_rate: number;
  failure_rate: number;
  avg_execution_time_seconds: number | null;
  runs_per_day: number;
  /** Now; of the three together at most 10,000 are counted, the oldest first. */
  queued_runs: number;
  running_runs: number;
  waiting_runs: number;
}

export interface RunSummary {
  /** UUIDv7. */
  id: string;
  /** UUIDv7. */
  task_id: string;
  /** Revision of the task that is run. */
  revision: number;
  status: 'queued' | 'running' | 'waiting' | 'succeeded' | 'failed' | 'canceled';
  success: boolean | null;
  trigger: 'schedule' | 'manual' | 'event' | 'condition' | 'api';
  nominal_time: string | null;
  priority: number;
  /** Attempts begun; 0 while none has. */
  attempt: number;
  params: Record<string, unknown> | null;
  concurrency_key: string | null;
  retry_of: string | null;
  lease_owner: string | null;
  leased_until: string | null;
  wake_at: string | null;
  /** Instant in UTC, ISO 8601. */
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  error: RunError | null;
  output: unknown;
}

export type ScheduleKind = 'cron' | 'rrule' | 'once' | 'event' | 'condition';

export interface SessionInput {
  username: string;
  password: string;
}

export interface SessionState {
  /** False where the server lets everybody in and no credentials were sent. */
  authenticated: boolean;
  kind: 'user' | 'agent' | null;
  id: string | null;
  username: string | null;
  role: string | null;
  scopes: string[];
  /** What the caller has shown. */
  via: 'none' | 'token' | 'api_key' | 'session';
  csrf_token: string | null;
}

export interface SnoozeInput {
  delay_seconds: number;
  reason?: string;
}

export interface StatsQuery {
  /** UTC days, today included. */
  days?: number | undefined;
}

export interface Step {
  /** Name of the step, unique in its pipeline; its output is `steps.<id>`. */
  id: string;
  /** Name of the tool. */
  uses: string;
  /** Input of the tool. */
  with?: Record<string, unknown>;
  /** Expression; false, null or empty skips the step. */
  if?: string;
  /** Second name of the output in `steps`. */
  save_as?: string;
  /** Default: `30`. */
  timeout_seconds?: number;
  /** Retries of this step before the run fails. Default: `0`. */
  max_retries?: number;
  /** Default: `"fail"`. */
  on_error?: 'fail' | 'continue';
  /** Expression giving a list; the step runs once per item, with `item` in its context. */
  for_each?: string;
  /** With `for_each`. Default: `4`. */
  max_parallel?: number;
}

export interface StepRecord {
  id: string;
  uses: string;
  status: 'succeeded' | 'failed' | 'skipped' | 'waiting' | 'running';
  /** Attempts made of this step in this attempt of the run. */
  attempt: number;
  started_at: string | null;
  finished_at: string | null;
  /** Rendered input. */
  input: unknown;
  output: unknown;
  error: RunError | null;
  /** When a waiting step goes on. */
  wake_at?: string;
  /** The approval that it waits or has waited for. */
  approval_id?: string;
}

export interface SubmittedAlert {
  /** UUIDv7. */
  id: string;
  title: string;
  description: string | null;
  severity: 'critical' | 'high' | 'medium' | 'low' | 'info';
  status: 'new' | 'triaged' | 'investigating' | 'escalated' | 'resolved' | 'false_positive';
  source: string;
  asset_type: string | null;
  affected_assets: string[];
  iocs: Ioc[];
  mitre_techniques: string[];
  raw_log: string | null;
  assigned_agent: string | null;
  case_id: string | null;
  /** The `dedup_key` of the submission, or the SHA-256 of title, source and IOCs. */
  dedup_hash: string;
  /** Times it was submitted. */
  occurrences: number;
  /** Instant in UTC, ISO 8601. */
  first_seen: string;
  /** Instant in UTC, ISO 8601. */
  last_seen: string;
  /** Instant in UTC, ISO 8601. */
  created_at: string;
  /** Instant in UTC, ISO 8601. */
  updated_at: string;
  metadata: Record<string, unknown>;
  /** Whether it was there already, and has one more occurrence. */
  deduplicated: boolean;
}

export interface SystemMode {
  version: string;
  node: string;
  store: 'sqlite' | 'postgres';
  roles: string[];
  /** Name of this process, as in `lease_owner`. */
  instance: string;
  /** Instant in UTC, ISO 8601. */
  server_time: string;
}

export interface Task {
  /** UUIDv7. */
  id: string;
  title: string;
  description: string | null;
  status: 'active' | 'paused' | 'canceled' | 'completed';
  schedule_kind: ScheduleKind;
  schedule_expr: string | null;
  event_topic: string | null;
  timezone: string;
  dtstart: string | null;
  payload: Payload;
  priority: number;
  max_retries: number;
  backoff_strategy: 'exponential_jitter' | 'linear' | 'fixed';
  dedupe_key: string | null;
  dedupe_window_seconds: number;
  concurrency_key: string | null;
  misfire_policy: 'run_once' | 'skip' | 'run_all';
  misfire_grace_seconds: number;
  created_by: string | null;
  /** Rises when the payload or the retry settings change; a run keeps the one it began with. */
  revision: number;
  next_run_at: string | null;
  /** Instant in UTC, ISO 8601. */
  created_at: string;
  /** Instant in UTC, ISO 8601. */
  updated_at: string;
}

export interface TaskInput {
  title: string;
  schedule_kind: ScheduleKind;
  schedule_expr?: string | null;
  event_topic?: string | null;
  /** IANA zone. Default: `"UTC"`. */
  timezone?: string;
  dtstart?: string | null;
  payload: Payload;
  description?: string | null;
  /** 1 is the highest. Default: `5`. */
  priority?: number;
  /** Default: `3`. */
  max_retries?: number;
  /** Default: `"exponential_jitter"`. */
  backoff_strategy?: 'exponential_jitter' | 'linear' | 'fixed';
  dedupe_key?: string | null;
  /** Default: `0`. */
  dedupe_window_seconds?: number;
  concurrency_key?: string | null;
  /** What happens with fire times missed while down. Default: `"run_once"`. */
  misfire_policy?: 'run_once' | 'skip' | 'run_all';
  /** Lateness that does not count as missed. Default: `30`. */
  misfire_grace_seconds?: number;
  created_by?: string | null;
  /** Accept steps whose tool is not there yet. Default: `false`. */
  allow_unknown_tools?: boolean;
}

export interface TaskListQuery {
  /** Items a page. Default: `50`. */
  limit?: number | undefined;
  /** Items to skip. */
  offset?: number | undefined;
  /** Another name of `offset`. */
  skip?: number | undefined;
  /** `next_cursor` of the page before. */
  cursor?: string | undefined;
  status?: 'active' | 'paused' | 'canceled' | 'completed' | undefined;
  schedule_kind?: 'cron' | 'rrule' | 'once' | 'event' | 'condition' | undefined;
  created_by?: string | undefined;
}

export interface TaskPatch {
  title?: string;
  schedule_kind?: 'cron' | 'rrule' | 'once' | 'event' | 'condition';
  schedule_expr?: string | null;
  event_topic?: string | null;
  /** IANA zone. Default: `"UTC"`. */
  timezone?: string;
  dtstart?: string | null;
  payload?: {
    /** Values for `${params.…}`. */
    params?: Record<string, unknown>;
    /** Steps, run one after another. */
    pipeline: Step[];
  };
  description?: string | null;
  /** 1 is the highest. Default: `5`. */
  priority?: number;
  /** Default: `3`. */
  max_retries?: number;
  /** Default: `"exponential_jitter"`. */
  backoff_strategy?: 'exponential_jitter' | 'linear' | 'fixed';
  dedupe_key?: string | null;
  /** Default: `0`. */
  dedupe_window_seconds?: number;
  concurrency_key?: string | null;
  /** What happens with fire times missed while down. Default: `"run_once"`. */
  misfire_policy?: 'run_once' | 'skip' | 'run_all';
  /** Lateness that does not count as missed. Default: `30`. */
  misfire_grace_seconds?: number;
  /** Default: `false`. */
  allow_unknown_tools?: boolean;
}

export interface TaskStats {
  /** UUIDv7. */
  task_id: string;
  period_days: number;
  /** Runs that ended in the period. */
  total_runs: number;
  successful_runs: number;
  failed_runs: number;
  canceled_runs: number;
  /** 0 to 1, of succeeded and failed runs. */
  success_rate: number;
  failure_rate: number;
  avg_execution_time_seconds: number | null;
  last_run: string | null;
  last_success: string | null;
  last_failure: string | null;
}

export interface TokenAnswer {
  /** Send it as `Authorization: Bearer …`. */
  access_token: string;
  token_type: 'bearer';
  /** Seconds until the access token ends. */
  expires_in: number;
  /** Gives the next pair, once; a second use ends the session. */
  refresh_token: string;
  /** Seconds until the refresh token ends. */
  refresh_expires_in: number;
  /** Instant in UTC, ISO 8601. */
  server_time: string;
  scopes: string[];
  /** The same scopes in one text, as OAuth 2.0 writes them. */
  scope: string;
}

export interface ToolAnnotations {
  /** Changes nothing. */
  readOnly: boolean;
  /** May destroy something that cannot be brought back. */
  destructive: boolean;
  /** A second call with the same input changes nothing more. */
  idempotent: boolean;
  /** Reaches systems outside this server. */
  openWorld: boolean;
}

export interface ToolCallInput {
  input?: Record<string, unknown>;
  /** Default: `30`. */
  timeout_seconds?: number;
}

export interface ToolCallResult {
  success: boolean;
  tool: string;
  output: unknown;
  error: {
    code: string;
    message: string;
  } | null;
  duration_ms: number;
}

export interface ToolInfo {
  name: string;
  description: string;
  input_schema: Record<string, unknown>;
  output_schema: Record<string, unknown> | null;
  annotations: ToolAnnotations;
  scopes: string[];
  timeout_seconds: number | null;
  /** `builtin`, `ext.<id>` or `mcp.<server>`. */
  source: string;
}

export interface TopicList {
  items: {
    topic: string;
    stream: string;
    /** Events published under it, also those no longer kept. */
    count: number;
    last_id: string;
    /** Instant in UTC, ISO 8601. */
    last_published_at: string;
  }[];
  total: number;
}

export interface User {
  username: string;
  /** UUIDv7. */
  id: string;
  role: string | null;
  /** Besides those of the role. */
  scopes: string[];
  /** Those of the role and its own together. */
  effective_scopes: string[];
  disabled: boolean;
  created_by: string | null;
  /** Instant in UTC, ISO 8601. */
  created_at: string;
  /** Instant in UTC, ISO 8601. */
  updated_at: string;
  last_login_at: string | null;
}

export interface UserInput {
  /** Letters, digits and `_ . @ + -`; unique among users and agents, and never given again. */
  username: string;
  /** Default: a random one, in the answer and nowhere else. */
  password?: string;
  /** A named set of scopes. Default: `"viewer"`. */
  role?: 'admin' | 'operator' | 'analyst' | 'viewer' | 'api_service';
  /** Besides those of the role. Default: `[]`. */
  scopes?: string[];
}

export interface UserPatch {
  /** Ends all sessions of the user. */
  password?: string;
  role?: 'admin' | 'operator' | 'analyst' | 'viewer' | 'api_service' | null;
  scopes?: string[];
  /** Sessions, tokens and API keys count for nothing while it is true. */
  disabled?: boolean;
}
