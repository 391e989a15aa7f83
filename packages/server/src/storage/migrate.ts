import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { migrationSteps } from './migrations/all.ts';
import { columnTypes } from './migrations/migration.ts';
import type { StoreKind } from './store.ts';
import type { Tables } from './tables.ts';

export interface MigrationReport {
  /** Names of the steps that were applied now. */
  readonly applied: readonly string[];
  /** Name of the newest step. */
  readonly version: string;
}

/**
 * Brings the schema up to this program, under the lock of the database so that many processes may start at once.
 *
 * @throws Error with a sentence for the operator when the schema is newer than the program, or a step fails.
 */
export async function migrate(db: Kysely<Tables>, kind: StoreKind): Promise<MigrationReport> {
  const version = migrationSteps.at(-1)!.name;
  const known = new Set(migrationSteps.map((step) => step.name));
  const present = await appliedSteps(db);
  const newer = present.filter((name) => !known.has(name));
  if (newer.length > 0) {
    throw new Error(
      `The database has the schema ${newer.at(-1)}, this program knows only ${version}. Start the newer version of Ordinaut, or give this one a database of its own.`,
    );
  }
  if (present.length === known.size) return { applied: [], version };
  const migrator = new Migrator({
    db,
    provider: {
      getMigrations: async () => Object.fromEntries(migrationSteps.map((step) => [step.name, toMigration(step, kind)])),
    },
    migrationTableName: 'ordinaut_migrations',
    migrationLockTableName: 'ordinaut_migrations_lock',
  });
  const { error, results } = await migrator.migrateToLatest();
  if (error) {
    const failed = results?.find((result) => result.status === 'Error')?.migrationName ?? 'the schema';
    throw new Error(`Migration ${failed} failed; nothing of it was kept.`, { cause: error });
  }
  return { applied: (results ?? []).map((result) => result.migrationName), version };
}

function toMigration(step: (typeof migrationSteps)[number], kind: StoreKind): Migration {
  return {
    async up(db) {
      const extra = kind === 'postgres' ? (step.postgresOnly ?? []) : [];
      for (const statement of [...step.statements(columnTypes[kind]), ...extra]) await sql.raw(statement).execute(db);
    },
  };
}

async function appliedSteps(db: Kysely<Tables>): Promise<string[]> {
  try {
    const { rows } = await sql<{ name: string }>`SELECT name FROM ordinaut_migrations ORDER BY name`.execute(db);
    return rows.map((row) => row.name);
  } catch (error) {
    if (isMissingTable(error)) return [];
    throw error;
  }
}

const isMissingTable = (error: unknown): boolean =>
  error instanceof Error && (/no such table/.test(error.message) || ('code' in error && error.code === '42P01'));
