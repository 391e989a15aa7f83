import type { MigrationStep } from './migration.ts';

/** Tasks, the run queue, the history and what keeps them in order. */
export const foundation: MigrationStep = {
  name: '0001-foundation',
  statements: ({ id }) => [
    `CREATE TABLE tasks (
      id ${id} PRIMARY KEY,
      title TEXT NOT NULL,
      description TEXT,
      status TEXT NOT NULL CHECK (status IN ('active', 'paused', 'canceled', 'completed')),
      schedule_kind TEXT NOT NULL CHECK (schedule_kind IN ('cron', 'rrule', 'once', 'event', 'condition')),
      schedule_expr TEXT,
      event_topic TEXT,
      timezone TEXT NOT NULL,
      dtstart BIGINT,
      priority INTEGER NOT NULL CHECK (priority BETWEEN 1 AND 9),
      dedupe_key TEXT,
      dedupe_window_seconds INTEGER NOT NULL,
      concurrency_key TEXT,
      misfire_policy TEXT NOT NULL,
      misfire_grace_seconds INTEGER NOT NULL,
      created_by TEXT,
      revision INTEGER NOT NULL,
      next_run_at BIGINT,
      created_at BIGINT NOT NULL,
      updated_at BIGINT NOT NULL
    )`,
    'CREATE INDEX tasks_due ON tasks (next_run_at) WHERE next_run_at IS NOT NULL',
    'CREATE INDEX tasks_by_status ON tasks (status, id)',
    'CREATE INDEX tasks_by_kind ON tasks (schedule_kind, id)',
    'CREATE INDEX tasks_by_creator ON tasks (created_by, id) WHERE created_by IS NOT NULL',
    `CREATE TABLE task_revisions (
      task_id ${id} NOT NULL REFERENCES tasks (id),
      revision INTEGER NOT NULL,
      payload TEXT NOT NULL,
      max_retries INTEGER NOT NULL,
      backoff_strategy TEXT NOT NULL,
      created_at BIGINT NOT NULL,
      PRIMARY KEY (task_id, revision)
    )`,
    `CREATE TABLE runs (
      id ${id} PRIMARY KEY,
      task_id ${id} NOT NULL,
      revision INTEGER NOT NULL,
      status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'waiting')),
      trigger TEXT NOT NULL,
      nominal_at BIGINT,
      priority SMALLINT NOT NULL,
      attempt INTEGER NOT NULL DEFAULT 0,
      params TEXT,
      concurrency_key TEXT,
      retry_of ${id},
      ready SMALLINT NOT NULL,
      blocked SMALLINT NOT NULL DEFAULT 0,
      wake_at BIGINT,
      begins_attempt SMALLINT NOT NULL DEFAULT 1,
      lease_id ${id},
      lease_owner TEXT,
      fence INTEGER NOT NULL DEFAULT 0,
      reclaims INTEGER NOT NULL DEFAULT 0,
      steps_done INTEGER NOT NULL DEFAULT 0,
      cancel_requested SMALLINT NOT NULL DEFAULT 0,
      error TEXT,
      created_at BIGINT NOT NULL,
      started_at BIGINT
    )`,
    'CREATE INDEX runs_ready ON runs (priority, id) WHERE ready = 1',
    'CREATE INDEX runs_blocked ON runs (concurrency_key, priority, id) WHERE blocked = 1',
    'CREATE INDEX runs_wake ON runs (wake_at) WHERE wake_at IS NOT NULL',
    // Not by lease: every claim would pay for what only the death of a worker asks for.
    'CREATE INDEX runs_cancel_requested ON runs (id) WHERE cancel_requested = 1',
    'CREATE INDEX runs_by_task ON runs (task_id, id)',
    "CREATE INDEX runs_waiting ON runs (id) WHERE status = 'waiting'",
    "CREATE UNIQUE INDEX runs_nominal ON runs (task_id, nominal_at) WHERE trigger = 'schedule'",
    `CREATE TABLE run_checkpoints (
      run_id ${id} NOT NULL,
      seq INTEGER NOT NULL,
      step TEXT NOT NULL,
      PRIMARY KEY (run_id, seq)
    )`,
    `CREATE TABLE run_history (
      id ${id} PRIMARY KEY,
      task_id ${id} NOT NULL,
      revision INTEGER NOT NULL,
      status TEXT NOT NULL CHECK (status IN ('succeeded', 'failed', 'canceled')),
      trigger TEXT NOT NULL,
      nominal_at BIGINT,
      priority SMALLINT NOT NULL,
      attempt INTEGER NOT NULL,
      params TEXT,
      concurrency_key TEXT,
      retry_of ${id},
      lease_owner TEXT,
      error TEXT,
      output TEXT,
      steps TEXT NOT NULL,
      created_at BIGINT NOT NULL,
      started_at BIGINT,
      finished_at BIGINT NOT NULL
    )`,
    'CREATE INDEX run_history_by_task ON run_history (task_id, id)',
    "CREATE INDEX run_history_unsuccessful ON run_history (status, id) WHERE status <> 'succeeded'",
    "CREATE INDEX run_history_unsuccessful_by_task ON run_history (task_id, status, id) WHERE status <> 'succeeded'",
    // The casts matter: SQLite does not look into the parts of a view whose columns have no type, and reads all of it.
    `CREATE VIEW all_runs AS
      SELECT id, task_id, revision, status, trigger, nominal_at, priority, attempt, params, concurrency_key, retry_of,
             lease_owner, lease_id, wake_at, error, CAST(NULL AS TEXT) AS output, created_at, started_at,
             CAST(NULL AS BIGINT) AS finished_at
        FROM runs
      UNION ALL
      SELECT id, task_id, revision, status, trigger, nominal_at, priority, attempt, params, concurrency_key, retry_of,
             lease_owner, CAST(NULL AS ${id}) AS lease_id, CAST(NULL AS BIGINT) AS wake_at, error, output, created_at,
             started_at, finished_at
        FROM run_history`,
    `CREATE TABLE run_stats (
      task_id ${id} NOT NULL,
      day INTEGER NOT NULL,
      succeeded INTEGER NOT NULL,
      failed INTEGER NOT NULL,
      canceled INTEGER NOT NULL,
      duration_ms BIGINT NOT NULL,
      last_success_at BIGINT,
      last_failure_at BIGINT,
      last_run_at BIGINT NOT NULL,
      PRIMARY KEY (task_id, day)
    )`,
    'CREATE INDEX run_stats_by_day ON run_stats (day)',
    `CREATE TABLE leases (id ${id} PRIMARY KEY, owner TEXT NOT NULL, expires_at BIGINT NOT NULL)`,
    `CREATE TABLE concurrency_locks (key TEXT PRIMARY KEY, run_id ${id} NOT NULL)`,
    `CREATE TABLE dedupe_windows (key TEXT PRIMARY KEY, run_id ${id} NOT NULL, expires_at BIGINT NOT NULL)`,
    'CREATE INDEX dedupe_windows_expiry ON dedupe_windows (expires_at)',
    `CREATE TABLE idempotency_keys (
      key TEXT PRIMARY KEY,
      request_hash TEXT NOT NULL,
      status INTEGER,
      headers TEXT,
      body TEXT,
      created_at BIGINT NOT NULL
    )`,
    'CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at)',
  ],
  postgresOnly: [
    // Rows of the queue live for moments: vacuum by count, not by share, or the claim wades through dead rows.
    'ALTER TABLE runs SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0)',
    'ALTER TABLE run_checkpoints SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0)',
  ],
};
