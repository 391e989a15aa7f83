import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { Kysely } from 'kysely';
import type { Clock } from '../../kernel/clock.ts';
import { dependencyAway } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { migrate } from '../migrate.ts';
import { Signals } from '../signals.ts';
import type { Store } from '../store.ts';
import type { Tables } from '../tables.ts';
import { DirectoryLock } from './directory-lock.ts';
import { sqliteDialect } from './kysely-dialect.ts';
import type { SqlValue } from './sql-value.ts';
import { sqliteEventLog } from './sqlite-event-log.ts';
import { sqliteQueue } from './sqlite-queue.ts';
import { sqliteTaskClock } from './sqlite-task-clock.ts';
import { SqliteThread } from './thread-client.ts';

/** With less the next writes fail, so the server says before that it is not ready. */
const MIN_FREE_BYTES = 1_048_576;

/** The embedded store: one SQLite file in the data directory, written by one thread of one process. */
export function createSqliteStore(options: { directory: string; clock: Clock; logger: Logger }): Store {
  const { directory, clock, logger } = options;
  const lock = new DirectoryLock(directory);
  const thread = new SqliteThread(join(directory, 'ordinaut.db'));
  const db = new Kysely<Tables>({ dialect: sqliteDialect(thread) });
  const signals = new Signals();
  const queue = sqliteQueue(thread, clock, signals);
  let started = false;
  return {
    name: 'storage',
    kind: 'sqlite',
    db,
    async atomically(statements) {
      const compiled = statements.map((statement) => statement.compile());
      const results = await thread.batch(
        compiled.map(({ sql, parameters }) => ({ sql, parameters: parameters as SqlValue[] })),
      );
      return results.map(({ rows }) => rows);
    },
    queue,
    dueTasks: sqliteTaskClock(thread, signals),
    events: sqliteEventLog(thread, clock, signals),
    signals,
    async start() {
      if (started) return;
      lock.acquire();
      try {
        await thread.start();
        const { applied, version } = await migrate(db, 'sqlite');
        if (applied.length > 0) logger.info({ applied, version }, 'database schema brought up to date');
        const reclaimed = await queue.reclaimExpired(null);
        // Only one process has the directory: whoever had taken events is dead.
        await thread.query('UPDATE event_claims SET lease_until = 0 WHERE owner IS NOT NULL', []);
        if (reclaimed > 0) logger.warn({ runs: reclaimed }, 'runs of a process that died are queued again');
        started = true;
      } catch (error) {
        await thread.stop();
        lock.release();
        throw error;
      }
    },
    async stop() {
      if (!started) return;
      started = false;
      signals.removeAllListeners();
      await thread.stop();
      lock.release();
    },
    async probe() {
      const { bavail, bsize } = await statfs(directory);
      if (bavail * bsize < MIN_FREE_BYTES)
        throw dependencyAway('database', `The disk of ${directory} is full: ${bavail * bsize} bytes are left.`);
      // A write, because a database that cannot be written still reads well.
      await thread.query('UPDATE leases SET expires_at = expires_at WHERE id = (SELECT id FROM leases LIMIT 1)', []);
    },
  };
}
