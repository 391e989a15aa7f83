import type { MigrationStep } from './migration.ts';

/** What steps of runs have submitted, so that a repeated step counts once; alerts by when they were seen. */
export const alertSubmissions: MigrationStep = {
  name: '0006-alert-submissions',
  statements: ({ id }) => [
    `CREATE TABLE alert_submissions (
      key TEXT PRIMARY KEY,
      alert_id ${id} REFERENCES alerts (id),
      created SMALLINT NOT NULL DEFAULT 0,
      submitted_at BIGINT NOT NULL
    )`,
    'CREATE INDEX alert_submissions_age ON alert_submissions (submitted_at)',
    'CREATE INDEX alerts_by_last_seen ON alerts (last_seen)',
  ],
  postgresOnly: [
    // Every occurrence rewrites the row, which then finds its place on the page it was on.
    'ALTER TABLE alerts SET (fillfactor = 80)',
  ],
};
