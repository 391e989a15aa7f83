import type { MigrationStep } from './migration.ts';

/** The event log, its readers, and how deep a run stands in a chain of events. */
export const events: MigrationStep = {
  name: '0002-events',
  statements: ({ id }) => [
    // One row: whoever puts something into the log holds it, so positions rise in the order of the commits.
    `CREATE TABLE event_state (
      id SMALLINT PRIMARY KEY CHECK (id = 1),
      position BIGINT NOT NULL,
      tasks_version BIGINT NOT NULL
    )`,
    'INSERT INTO event_state (id, position, tasks_version) VALUES (1, 0, 0)',
    'CREATE TABLE event_streams (stream TEXT PRIMARY KEY, ms BIGINT NOT NULL, seq BIGINT NOT NULL)',
    `CREATE TABLE event_blocks (
      id ${id} PRIMARY KEY,
      position BIGINT,
      n INTEGER NOT NULL,
      stream TEXT NOT NULL,
      topic TEXT NOT NULL,
      source TEXT,
      chain INTEGER NOT NULL DEFAULT 0,
      ms BIGINT,
      seq BIGINT,
      events TEXT NOT NULL,
      published_at BIGINT NOT NULL,
      settled SMALLINT NOT NULL DEFAULT 0,
      held_until BIGINT NOT NULL DEFAULT 0
    )`,
    'CREATE UNIQUE INDEX event_blocks_log ON event_blocks (position) WHERE position IS NOT NULL',
    'CREATE INDEX event_blocks_by_stream ON event_blocks (stream, ms, seq) WHERE position IS NOT NULL',
    'CREATE INDEX event_blocks_noted ON event_blocks (id) WHERE position IS NULL',
    `CREATE TABLE event_topics (
      stream TEXT NOT NULL,
      topic TEXT NOT NULL,
      count BIGINT NOT NULL,
      last_ms BIGINT NOT NULL,
      last_seq BIGINT NOT NULL,
      last_at BIGINT NOT NULL,
      PRIMARY KEY (stream, topic)
    )`,
    `CREATE TABLE event_groups (
      name TEXT PRIMARY KEY,
      pattern TEXT NOT NULL,
      cursor BIGINT NOT NULL,
      seen_at BIGINT NOT NULL
    )`,
    `CREATE TABLE event_claims (
      id ${id} PRIMARY KEY,
      group_name TEXT NOT NULL,
      first BIGINT NOT NULL,
      last BIGINT NOT NULL,
      next BIGINT NOT NULL,
      owner TEXT,
      lease_until BIGINT NOT NULL,
      failures INTEGER NOT NULL
    )`,
    'CREATE INDEX event_claims_of_group ON event_claims (group_name, first)',
    'ALTER TABLE runs ADD COLUMN chain INTEGER NOT NULL DEFAULT 0',
  ],
  postgresOnly: [
    // Compressing the events of a batch takes longer than writing them.
    'ALTER TABLE event_blocks ALTER COLUMN events SET STORAGE EXTERNAL',
    'ALTER TABLE event_state SET (fillfactor = 10)',
  ],
};
