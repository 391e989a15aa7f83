import type { MigrationStep } from './migration.ts';

/** What operators have decided about extensions. */
export const extensions: MigrationStep = {
  name: '0003-extensions',
  statements: () => [
    `CREATE TABLE extensions (
      id TEXT PRIMARY KEY,
      enabled INTEGER,
      quarantine TEXT,
      reloads INTEGER NOT NULL,
      updated_at BIGINT NOT NULL
    )`,
  ],
};
