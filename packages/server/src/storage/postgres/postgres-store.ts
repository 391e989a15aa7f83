import { Kysely } from 'kysely';
import { ApiError, messageOf } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { migrate } from '../migrate.ts';
import { Signals } from '../signals.ts';
import type { Store } from '../store.ts';
import type { Tables } from '../tables.ts';
import { postgresDialect } from './kysely-dialect.ts';
import { createNotifier } from './notifier.ts';
import { createPool, guarded, inTransaction, toStoreError } from './pool.ts';
import { postgresEventLog } from './postgres-event-log.ts';
import { postgresQueue } from './postgres-queue.ts';
import { postgresTaskClock } from './postgres-task-clock.ts';

/** The store that many processes share: a PostgreSQL database (15 or newer). */
export function createPostgresStore(options: { url: string; poolSize: number; name: string; logger: Logger }): Store {
  const { url, logger } = options;
  const pool = createPool({ url, size: options.poolSize, name: options.name, logger });
  const db = new Kysely<Tables>({ dialect: postgresDialect(pool) });
  const signals = new Signals();
  const notifier = createNotifier({ url, pool, signals, logger });
  const queue = postgresQueue(pool, signals);
  let started = false;
  return {
    name: 'storage',
    kind: 'postgres',
    db,
    atomically: (statements) =>
      inTransaction(pool, async (client) => {
        const results: Record<string, unknown>[][] = [];
        for (const statement of statements) {
          const { sql, parameters } = statement.compile();
          results.push((await client.query<Record<string, unknown>>(sql, [...parameters])).rows);
        }
        return results;
      }),
    queue,
    dueTasks: postgresTaskClock(pool, signals),
    events: postgresEventLog(pool, signals),
    signals,
    async start() {
      try {
        const { applied, version } = await migrate(db, 'postgres');
        if (applied.length > 0) logger.info({ applied, version }, 'database schema brought up to date');
        await notifier.start();
        started = true;
      } catch (error) {
        const told = toStoreError(error);
        if (!(told instanceof ApiError)) throw told;
        throw new Error(
          `PostgreSQL cannot be used (${messageOf(told.cause)}). Check DATABASE_URL, and whether the server runs.`,
          { cause: error },
        );
      }
    },
    async stop() {
      if (!started) return;
      started = false;
      await notifier.stop();
      signals.removeAllListeners();
      await pool.end();
    },
    probe: () => guarded(async () => void (await pool.query('SELECT 1'))),
  };
}
