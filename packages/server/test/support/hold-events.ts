import pg from 'pg';
import { command } from './postgres.ts';

/** Keeps events from being stored in a PostgreSQL database until what it gives is called. */
export async function holdEvents(databaseUrl: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('BEGIN');
  await client.query('LOCK TABLE event_state, event_blocks IN ACCESS EXCLUSIVE MODE');
  let isHeld = true;
  return async () => {
    if (!isHeld) return;
    isHeld = false;
    await client.query('ROLLBACK');
    await client.end();
  };
}

/** Makes storing events in a PostgreSQL database fail until what it gives is called. */
export async function breakEvents(databaseUrl: string): Promise<() => Promise<void>> {
  await command(databaseUrl, 'ALTER TABLE event_blocks RENAME TO event_blocks_away');
  let isBroken = true;
  return async () => {
    if (!isBroken) return;
    isBroken = false;
    await command(databaseUrl, 'ALTER TABLE event_blocks_away RENAME TO event_blocks');
  };
}
