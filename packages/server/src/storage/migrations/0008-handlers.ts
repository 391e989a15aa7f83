import type { MigrationStep } from './migration.ts';

/** Handlers, and the events they have made. */
export const handlers: MigrationStep = {
  name: '0008-handlers',
  statements: ({ id }) => [
    `CREATE TABLE handlers (
      id ${id} PRIMARY KEY,
      description TEXT,
      pipeline TEXT,
      params TEXT NOT NULL,
      is_dynamic SMALLINT NOT NULL,
      created_by TEXT,
      author TEXT,
      scopes TEXT,
      version INTEGER NOT NULL,
      created_at BIGINT NOT NULL,
      updated_at BIGINT NOT NULL
    )`,
    'CREATE INDEX handlers_by_creator ON handlers (created_by, id) WHERE created_by IS NOT NULL',
    // No reference: the events outlive their handler.
    `CREATE TABLE handler_events (
      id ${id} PRIMARY KEY,
      event_id ${id} NOT NULL,
      handler_id ${id} NOT NULL,
      account_id ${id} NOT NULL,
      create_time BIGINT NOT NULL,
      end_time BIGINT NOT NULL,
      source TEXT,
      user_data TEXT,
      external_id TEXT,
      track_id TEXT,
      tags TEXT NOT NULL,
      data TEXT NOT NULL
    )`,
    'CREATE UNIQUE INDEX handler_events_event ON handler_events (event_id)',
    'CREATE INDEX handler_events_of_handler ON handler_events (handler_id, id)',
    'CREATE INDEX handler_events_by_source ON handler_events (handler_id, source, id) WHERE source IS NOT NULL',
    'CREATE INDEX handler_events_by_external ON handler_events (handler_id, external_id, id) WHERE external_id IS NOT NULL',
    'CREATE INDEX handler_events_by_track ON handler_events (handler_id, track_id, id) WHERE track_id IS NOT NULL',
    'CREATE INDEX handler_events_by_time ON handler_events (handler_id, create_time)',
  ],
};
