import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import pg from 'pg';
import { undoing } from './undo.ts';

/** The PostgreSQL server to measure on; the user has to be allowed to create databases. */
const server = (): string =>
  process.env.BENCH_DATABASE_URL ?? `postgres://${userInfo().username}@127.0.0.1:5432/postgres`;

/** Gives `work` the URL of an empty database and drops it afterwards. */
export async function withDatabase<Result>(work: (url: string) => Promise<Result>): Promise<Result> {
  const name = `ordinaut_bench_${randomBytes(6).toString('hex')}`;
  await onServer((client) => client.query(`CREATE DATABASE ${name}`));
  const url = new URL(server());
  url.pathname = `/${name}`;
  return undoing(
    () => work(url.href),
    () => onServer(async (client) => void (await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))),
  );
}

/** Runs statements on a database, and closes the connection. */
export async function onDatabase<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * Brings a freshly filled database to rest, the same for every side: the planner knows what is in it, and no checkpoint of the
 * filling falls into the measurement.
 */
export const settleDatabase = (url: string): Promise<void> =>
  onDatabase(url, async (client) => {
    await client.query('VACUUM ANALYZE');
    await client.query('CHECKPOINT');
  });

/** What a figure on PostgreSQL depends on. */
export const postgresFacts = (): Promise<Record<string, string>> =>
  onServer(async (client) => {
    const names = ['server_version', 'fsync', 'synchronous_commit', 'shared_buffers', 'max_wal_size'];
    const { rows } = await client.query<{ name: string; setting: string; unit: string | null }>(
      'SELECT name, setting, unit FROM pg_settings WHERE name = ANY ($1)',
      [names],
    );
    return Object.fromEntries(
      rows.map(({ name, setting, unit }) => [name, unit === null ? setting : `${setting} × ${unit}`]),
    );
  });

const onServer = <Result>(work: (client: pg.Client) => Promise<Result>): Promise<Result> => onDatabase(server(), work);
