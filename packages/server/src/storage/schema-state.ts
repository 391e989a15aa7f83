import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { migrationSteps } from './migrations/all.ts';
import type { StoreKind } from './store.ts';

/** How the schema of a database stands to this program; `missing`: nothing has been made there yet. */
export interface SchemaState {
  readonly kind: StoreKind;
  readonly schema: 'missing' | 'older' | 'current' | 'newer';
}

const READ = 'SELECT name FROM ordinaut_migrations ORDER BY name';

/**
 * Looks at a database without changing it, also while a server uses it.
 *
 * @throws the error of the driver when the database cannot be reached.
 */
export async function readSchemaState(databaseUrl: string | null, directory: string): Promise<SchemaState> {
  const kind = databaseUrl === null ? 'sqlite' : 'postgres';
  const names = databaseUrl === null ? await namesInFile(directory) : await namesInServer(databaseUrl);
  const known = new Set(migrationSteps.map((step) => step.name));
  if (names.length === 0) return { kind, schema: 'missing' };
  if (names.some((name) => !known.has(name))) return { kind, schema: 'newer' };
  return { kind, schema: names.length < known.size ? 'older' : 'current' };
}

async function namesInFile(directory: string): Promise<string[]> {
  const file = join(directory, 'ordinaut.db');
  if (!existsSync(file)) return [];
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return db
      .prepare(READ)
      .all()
      .map((row) => String(row.name));
  } catch (error) {
    if (/no such table/.test(String(error))) return [];
    throw error;
  } finally {
    db.close();
  }
}

async function namesInServer(url: string): Promise<string[]> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  await client.connect();
  try {
    return (await client.query<{ name: string }>(READ)).rows.map((row) => row.name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === '42P01') return [];
    throw error;
  } finally {
    await client.end();
  }
}
