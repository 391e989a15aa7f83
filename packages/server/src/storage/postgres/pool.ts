import pg from 'pg';
import { ApiError, badRequest, dependencyAway } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';

const INT8 = 20;

/** Integers of 64 bits are read as numbers: they are instants in milliseconds and counts, far below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => (oid === INT8 && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format)),
};

/**
 * Every query of this program is written for an index. The planner is told so, because it cannot know: the statistics of a table
 * that fills and empties within seconds are always wrong, and a plan that reads the whole queue once is kept for later.
 */
const PLAN_BY_INDEX = '-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off';

/** A pool that outlives restarts of the database: a broken connection is dropped and the next query opens another. */
export function createPool(options: { url: string; size: number; name: string; logger: Logger }): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.size,
    types,
    application_name: options.name,
    connectionTimeoutMillis: 5000,
    idleTimeoutMillis: 30_000,
    allowExitOnIdle: true,
    statement_timeout: 30_000,
    // Also when the server does not answer at all.
    query_timeout: 40_000,
    idle_in_transaction_session_timeout: 60_000,
    keepAlive: true,
    options: PLAN_BY_INDEX,
  });
  // A connection that is in use has no other listener, and an error nobody hears ends the process. The query tells of it.
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('error', (error) => options.logger.warn({ err: error }, 'an idle database connection was lost'));
  return pool;
}

/** Runs work on the pool; what means that the database cannot be reached becomes `unavailable`. */
export async function guarded<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toStoreError(error);
  }
}

export function toStoreError(error: unknown): unknown {
  if (error instanceof ApiError || !(error instanceof Error)) return error;
  // character_not_in_repertoire: SQLite and JSON take U+0000, and a text of PostgreSQL does not.
  if ('code' in error && error.code === '22021')
    return badRequest([{ field: '', issue: 'a text has the character U+0000, which cannot be stored; leave it out' }]);
  if (!isOutage(error)) return error;
  return dependencyAway(
    'database', // Why is for the log: it holds addresses, and everybody may ask.
    'The database cannot be used at the moment. The server tries again by itself.',
    error,
  );
}

/** What may pass by itself: lost connections, deadlocks, time-outs, a server that starts or stops. Source of the classes: https://www.postgresql.org/docs/current/errcodes-appendix.html */
function isOutage(error: Error): boolean {
  const code = 'code' in error ? String(error.code) : '';
  if (/^(08|40|53|57P|58)/.test(code) || ['25006', '25P03', '55P03', '57014'].includes(code)) return true;
  if (/^E[A-Z]+$/.test(code)) return true;
  return /Connection terminated|timeout exceeded when trying to connect|not queryable|Query read timeout/i.test(
    error.message,
  );
}

/** Runs work in one transaction of one connection. */
export function inTransaction<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  return guarded(async () => {
    const client = await pool.connect();
    let failure: Error | undefined;
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      // The connection itself may be what failed; then it is thrown away with the transaction.
      await client.query('ROLLBACK').then(
        () => {
          failure = undefined;
        },
        () => {},
      );
      throw error;
    } finally {
      client.release(failure);
    }
  });
}
