import type { MigrationStep } from './migration.ts';

/** Alerts. */
export const alerts: MigrationStep = {
  name: '0005-alerts',
  statements: ({ id }) => [
    `CREATE TABLE alerts (
      id ${id} PRIMARY KEY,
      title TEXT NOT NULL,
      description TEXT,
      severity TEXT NOT NULL CHECK (severity IN ('critical', 'high', 'medium', 'low', 'info')),
      status TEXT NOT NULL CHECK (status IN ('new', 'triaged', 'investigating', 'escalated', 'resolved', 'false_positive')),
      source TEXT NOT NULL,
      asset_type TEXT,
      affected_assets TEXT NOT NULL,
      iocs TEXT NOT NULL,
      mitre_techniques TEXT NOT NULL,
      raw_log TEXT,
      assigned_agent TEXT,
      case_id TEXT,
      dedup_hash TEXT NOT NULL,
      occurrences INTEGER NOT NULL,
      first_seen BIGINT NOT NULL,
      last_seen BIGINT NOT NULL,
      created_at BIGINT NOT NULL,
      updated_at BIGINT NOT NULL,
      metadata TEXT NOT NULL
    )`,
    'CREATE INDEX alerts_by_status ON alerts (status, id)',
    'CREATE INDEX alerts_by_severity ON alerts (severity, id)',
    'CREATE INDEX alerts_by_source ON alerts (source, id)',
    "CREATE UNIQUE INDEX alerts_open ON alerts (dedup_hash) WHERE status NOT IN ('resolved', 'false_positive')",
  ],
};
