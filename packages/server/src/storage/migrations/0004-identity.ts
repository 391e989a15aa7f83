import type { MigrationStep } from './migration.ts';

/** Who may come in, what they have shown, and what they have done; secrets that are kept encrypted. */
export const identity: MigrationStep = {
  name: '0004-identity',
  statements: ({ id }) => [
    `CREATE TABLE principals (
      id ${id} PRIMARY KEY,
      kind TEXT NOT NULL CHECK (kind IN ('user', 'agent')),
      name TEXT NOT NULL,
      name_key TEXT NOT NULL,
      description TEXT,
      role TEXT,
      scopes TEXT NOT NULL,
      secret_hash TEXT,
      disabled SMALLINT NOT NULL DEFAULT 0,
      created_by TEXT,
      created_at BIGINT NOT NULL,
      updated_at BIGINT NOT NULL,
      last_login_at BIGINT,
      deleted_at BIGINT
    )`,
    // Of the deleted ones too: a name is never given again.
    'CREATE UNIQUE INDEX principals_name ON principals (name_key)',
    `CREATE TABLE sessions (
      id ${id} PRIMARY KEY,
      principal_id ${id} NOT NULL REFERENCES principals (id),
      kind TEXT NOT NULL CHECK (kind IN ('token', 'cookie')),
      secret TEXT NOT NULL,
      scopes TEXT,
      address TEXT NOT NULL,
      created_at BIGINT NOT NULL,
      used_at BIGINT NOT NULL,
      expires_at BIGINT NOT NULL,
      revoked_at BIGINT
    )`,
    'CREATE UNIQUE INDEX sessions_secret ON sessions (secret)',
    'CREATE INDEX sessions_of_principal ON sessions (principal_id)',
    'CREATE INDEX sessions_expiry ON sessions (expires_at)',
    `CREATE TABLE api_keys (
      id ${id} PRIMARY KEY,
      principal_id ${id} NOT NULL REFERENCES principals (id),
      name TEXT NOT NULL,
      prefix TEXT NOT NULL,
      hash TEXT NOT NULL,
      scopes TEXT NOT NULL,
      created_at BIGINT NOT NULL,
      expires_at BIGINT,
      last_used_at BIGINT,
      revoked_at BIGINT
    )`,
    'CREATE UNIQUE INDEX api_keys_hash ON api_keys (hash)',
    'CREATE INDEX api_keys_of_principal ON api_keys (principal_id, id)',
    `CREATE TABLE audit_log (
      id ${id} PRIMARY KEY,
      at BIGINT NOT NULL,
      action TEXT NOT NULL,
      target TEXT,
      fields TEXT,
      principal TEXT,
      via TEXT NOT NULL,
      address TEXT NOT NULL,
      request_id TEXT NOT NULL,
      outcome TEXT NOT NULL,
      status INTEGER NOT NULL,
      error TEXT
    )`,
    'CREATE INDEX audit_log_by_principal ON audit_log (principal, id)',
    'CREATE INDEX audit_log_by_action ON audit_log (action, id)',
    `CREATE TABLE secrets (
      name TEXT PRIMARY KEY,
      box TEXT NOT NULL,
      key_id TEXT NOT NULL,
      updated_at BIGINT NOT NULL
    )`,
    // A task acts in the name of its author, and may do what they might when it was written; null: everything.
    'ALTER TABLE task_revisions ADD COLUMN author TEXT',
    'ALTER TABLE task_revisions ADD COLUMN scopes TEXT',
  ],
};
