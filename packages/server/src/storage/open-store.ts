import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Store } from './store.ts';

/** What a store is opened with: a database URL, or else a directory for the embedded database. */
export interface StoreOptions {
  readonly databaseUrl: string | null;
  readonly directory: string;
  readonly poolSize: number;
  /** Name of this process, shown by the database. */
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Makes the store of the settings. Each dialect is loaded only when it is used: the driver of the other costs start-up time. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { databaseUrl, directory, clock, logger } = options;
  if (databaseUrl === null) {
    const { createSqliteStore } = await import('./sqlite/sqlite-store.ts');
    return createSqliteStore({ directory, clock, logger });
  }
  const { createPostgresStore } = await import('./postgres/postgres-store.ts');
  return createPostgresStore({ url: databaseUrl, poolSize: options.poolSize, name: options.name, logger });
}
