import { type DatabaseConnection, type Dialect, PostgresDialect, PostgresDriver } from 'kysely';
import type pg from 'pg';
import { toStoreError } from './pool.ts';

/** Kysely over the pool, with outages told as `unavailable`. */
export function postgresDialect(pool: pg.Pool): Dialect {
  const dialect = new PostgresDialect({ pool });
  return {
    createAdapter: () => dialect.createAdapter(),
    createDriver: () => new GuardedDriver({ pool }),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
  };
}

class GuardedDriver extends PostgresDriver {
  readonly #guarded = new WeakSet<DatabaseConnection>();

  override async acquireConnection(): Promise<DatabaseConnection> {
    const connection = await super.acquireConnection().catch((error) => Promise.reject(toStoreError(error)));
    if (!this.#guarded.has(connection)) {
      this.#guarded.add(connection);
      const execute = connection.executeQuery.bind(connection);
      connection.executeQuery = (query) => execute<never>(query).catch((error) => Promise.reject(toStoreError(error)));
    }
    return connection;
  }
}
