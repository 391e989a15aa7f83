import type { MigrationStep } from './migration.ts';

/** What runs ask of people, and the answers. */
export const approvals: MigrationStep = {
  name: '0007-approvals',
  statements: ({ id }) => [
    `CREATE TABLE approvals (
      id ${id} PRIMARY KEY,
      run_id ${id} NOT NULL,
      task_id ${id} NOT NULL,
      step_id TEXT NOT NULL,
      status TEXT NOT NULL CHECK (status IN ('pending', 'approved', 'rejected', 'expired', 'canceled')),
      title TEXT NOT NULL,
      message TEXT,
      details TEXT,
      approvers TEXT NOT NULL,
      allow_self SMALLINT NOT NULL,
      on_reject TEXT NOT NULL,
      on_expiry TEXT NOT NULL,
      requested_by TEXT,
      chain INTEGER NOT NULL,
      created_at BIGINT NOT NULL,
      expires_at BIGINT NOT NULL,
      decided_by TEXT,
      comment TEXT,
      decided_at BIGINT
    )`,
    // A step of a run asks once, however often it is repeated.
    'CREATE UNIQUE INDEX approvals_of_step ON approvals (run_id, step_id)',
    'CREATE INDEX approvals_by_status ON approvals (status, id)',
    'CREATE INDEX approvals_by_task ON approvals (task_id, id)',
    "CREATE INDEX approvals_expiry ON approvals (expires_at) WHERE status = 'pending'",
  ],
};
