import type {
  AlertStatus,
  AuditEntry,
  BackoffStrategy,
  FinalRunStatus,
  LiveRunStatus,
  MisfirePolicy,
  RunTrigger,
  ScheduleKind,
  Severity,
  TaskStatus,
} from '@ordinaut/contract';
import type { ApprovalRow } from './approval-row.ts';
import type { HandlerEventRow, HandlerRow } from './handler-rows.ts';

/**
 * The tables, the same on both dialects. Instants are epoch milliseconds, flags 0 or 1, JSON is text.
 *
 * A run lives in `runs` while it is queued, running or waiting, and moves to `run_history` in the transaction that ends
 * it: so the cost of the queue does not grow with the history, and the record of a run is one row.
 */
export interface Tables {
  tasks: TaskRow;
  task_revisions: RevisionRow;
  runs: LiveRunRow;
  run_checkpoints: CheckpointRow;
  run_history: HistoryRow;
  all_runs: AnyRunRow;
  run_stats: StatsRow;
  leases: LeaseRow;
  concurrency_locks: ConcurrencyLockRow;
  dedupe_windows: DedupeWindowRow;
  idempotency_keys: IdempotencyRow;
  extensions: ExtensionRow;
  principals: PrincipalRow;
  sessions: SessionRow;
  api_keys: ApiKeyRow;
  audit_log: AuditRow;
  secrets: SecretRow;
  alerts: AlertRow;
  alert_submissions: AlertSubmissionRow;
  approvals: ApprovalRow;
  handlers: HandlerRow;
  handler_events: HandlerEventRow;
  event_state: EventStateRow;
  event_streams: EventStreamRow;
  event_blocks: EventBlockRow;
  event_topics: EventTopicRow;
  event_groups: EventGroupRow;
  event_claims: EventClaimRow;
}

export type Flag = 0 | 1;

export interface TaskRow {
  id: string;
  title: string;
  description: string | null;
  status: TaskStatus;
  schedule_kind: ScheduleKind;
  schedule_expr: string | null;
  event_topic: string | null;
  timezone: string;
  dtstart: number | null;
  priority: number;
  dedupe_key: string | null;
  dedupe_window_seconds: number;
  concurrency_key: string | null;
  misfire_policy: MisfirePolicy;
  misfire_grace_seconds: number;
  created_by: string | null;
  revision: number;
  /** When the scheduler fires the task next; null unless the task is active and has a fire time left. */
  next_run_at: number | null;
  created_at: number;
  updated_at: number;
}

/** What a run executes; never changed once written, so that a run ends with the pipeline it began with. */
export interface RevisionRow {
  task_id: string;
  revision: number;
  payload: string;
  max_retries: number;
  backoff_strategy: BackoffStrategy;
  /** Who has written the pipeline of this revision; null: nobody who was known. Its steps act in their name. */
  author: string | null;
  /** What the author of this revision might do, JSON list of scopes: its steps may do no more. Null: everything. */
  scopes: string | null;
  created_at: number;
}

interface RunColumns {
  id: string;
  task_id: string;
  revision: number;
  trigger: RunTrigger;
  nominal_at: number | null;
  priority: number;
  attempt: number;
  params: string | null;
  concurrency_key: string | null;
  retry_of: string | null;
  lease_owner: string | null;
  error: string | null;
  created_at: number;
  started_at: number | null;
}

export interface LiveRunRow extends RunColumns {
  status: LiveRunStatus;
  /** 1 while a worker may claim it. */
  ready: Flag;
  /** 1 while another run holds its concurrency key. */
  blocked: Flag;
  /** When a delayed or sleeping run becomes ready. */
  wake_at: number | null;
  /**
   * 1 when the next claim begins an attempt. Otherwise it goes on with one (after a wait, a crash, a hand-over): 0 says that the
   * last claim began it, 2 that the last claim went on with it already.
   */
  begins_attempt: Flag | 2;
  lease_id: string | null;
  /** The fencing token: rises with every claim, and a write that carries an older one changes nothing. */
  fence: number;
  /** Times a worker died under it. */
  reclaims: number;
  /** Checkpoints stored. */
  steps_done: number;
  cancel_requested: Flag;
  /** Runs started by events that led to this one, itself included. */
  chain: number;
}

export interface CheckpointRow {
  run_id: string;
  seq: number;
  step: string;
}

export interface HistoryRow extends RunColumns {
  status: FinalRunStatus;
  output: string | null;
  steps: string;
  finished_at: number;
}

/** The view over live and finished runs. */
export interface AnyRunRow extends RunColumns {
  status: LiveRunStatus | FinalRunStatus;
  wake_at: number | null;
  lease_id: string | null;
  output: string | null;
  finished_at: number | null;
}

/** Finished runs by task and UTC day. */
export interface StatsRow {
  task_id: string;
  day: number;
  succeeded: number;
  failed: number;
  canceled: number;
  duration_ms: number;
  last_success_at: number | null;
  last_failure_at: number | null;
  last_run_at: number;
}

export interface LeaseRow {
  id: string;
  owner: string;
  expires_at: number;
}

export interface ConcurrencyLockRow {
  key: string;
  run_id: string;
}

export interface DedupeWindowRow {
  key: string;
  run_id: string;
  expires_at: number;
}

export interface IdempotencyRow {
  key: string;
  request_hash: string;
  status: number | null;
  headers: string | null;
  body: string | null;
  created_at: number;
}

/** The one row that puts everything in order: see `EventLog`. */
export interface EventStateRow {
  id: number;
  /** Of the newest event in the log. */
  position: number;
  /** Rises with every change of a task that events start. */
  tasks_version: number;
}

/** The newest id of each stream. */
export interface EventStreamRow {
  stream: string;
  ms: number;
  seq: number;
}

/**
 * Events of one topic, stream and source that were stored together: a row costs the same for one and for five hundred. The event at
 * `index` has the position `position + index` and the id `ms-(seq + index)`.
 */
export interface EventBlockRow {
  id: string;
  /** Of the first event; null while the block is noted, but not in the log. */
  position: number | null;
  /** Events in it. */
  n: number;
  stream: string;
  topic: string;
  source: string | null;
  chain: number;
  ms: number | null;
  seq: number | null;
  /** JSON list of their data. */
  events: string;
  published_at: number;
  /** 1 once the runs that it starts are stored. */
  settled: Flag;
  /** Until then one process carries it to the transport; the others leave it alone. */
  held_until: number;
}

export interface EventTopicRow {
  stream: string;
  topic: string;
  count: number;
  last_ms: number;
  last_seq: number;
  last_at: number;
}

export interface EventGroupRow {
  name: string;
  pattern: string;
  /** Position up to which the log has been handed out. */
  cursor: number;
  seen_at: number;
}

/** The events from `first` to `last`, both included, handed out to one consumer of a group. */
export interface EventClaimRow {
  id: string;
  group_name: string;
  first: number;
  last: number;
  /** The first one that is not handled. */
  next: number;
  /** Null: handed back. */
  owner: string | null;
  lease_until: number;
  /** How often the event at `next` has failed. */
  failures: number;
}

/** What was decided about an extension. */
export interface ExtensionRow {
  id: string;
  enabled: number | null;
  quarantine: string | null;
  reloads: number;
  updated_at: number;
}

/** A user or an agent. */
export interface PrincipalRow {
  id: string;
  kind: 'user' | 'agent';
  name: string;
  /** The name in lower case: names that differ in nothing else are one. */
  name_key: string;
  description: string | null;
  role: string | null;
  /** JSON list, besides the scopes of the role. */
  scopes: string;
  secret_hash: string | null;
  disabled: Flag;
  created_by: string | null;
  created_at: number;
  updated_at: number;
  last_login_at: number | null;
  deleted_at: number | null;
}

/** One login, with everything that came of it. */
export interface SessionRow {
  id: string;
  principal_id: string;
  kind: 'token' | 'cookie';
  /** Of tokens the id of the refresh token that counts, of cookies the SHA-256 of what the cookie holds. */
  secret: string;
  /** JSON list where the login asked for less than everything; null otherwise. */
  scopes: string | null;
  address: string;
  created_at: number;
  used_at: number;
  expires_at: number;
  revoked_at: number | null;
}

export interface ApiKeyRow {
  id: string;
  principal_id: string;
  name: string;
  prefix: string;
  /** SHA-256: the keys are random, so that nothing slower is needed. */
  hash: string;
  /** JSON list; what its owner may not do any more is not in force. */
  scopes: string;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
  revoked_at: number | null;
}

export interface AuditRow {
  id: string;
  at: number;
  action: string;
  target: string | null;
  /** JSON list. */
  fields: string | null;
  principal: string | null;
  via: AuditEntry['via'];
  address: string;
  request_id: string;
  outcome: AuditEntry['outcome'];
  status: number;
  error: string | null;
}

/** A secret in its envelope. */
export interface SecretRow {
  name: string;
  /** JWE in its compact form. */
  box: string;
  /** Of the key that its envelope was closed with. */
  key_id: string;
  updated_at: number;
}

/** Lists and objects are JSON. */
export interface AlertRow {
  id: string;
  title: string;
  description: string | null;
  severity: Severity;
  status: AlertStatus;
  source: string;
  asset_type: string | null;
  affected_assets: string;
  iocs: string;
  mitre_techniques: string;
  raw_log: string | null;
  assigned_agent: string | null;
  case_id: string | null;
  dedup_hash: string;
  occurrences: number;
  first_seen: number;
  last_seen: number;
  created_at: number;
  updated_at: number;
  metadata: string;
}

/** An alert that a step of a run has submitted. */
export interface AlertSubmissionRow {
  /** Of the call: the same for every repetition of the step. */
  key: string;
  /** Null only within the transaction that submits it. */
  alert_id: string | null;
  /** Whether the alert was new then. */
  created: Flag;
  submitted_at: number;
}
