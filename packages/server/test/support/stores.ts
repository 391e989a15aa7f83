import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, inject } from 'vitest';
import { type Clock, systemClock } from '../../src/kernel/clock.ts';
import { createLogger } from '../../src/kernel/logger.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { Store, StoreKind } from '../../src/storage/store.ts';
import { createDatabase } from './postgres.ts';

export const logger = createLogger(process.env.ORDINAUT_TEST_LOG === '1' ? 'debug' : 'silent');

/** A place where a store can be opened again and again, with nothing of anybody else in it. */
export interface TestPlace {
  readonly kind: StoreKind;
  readonly databaseUrl: string | null;
  readonly directory: string;
  open(options?: { clock?: Clock }): Promise<Store>;
  remove(): Promise<void>;
}

export async function newPlace(kind: StoreKind): Promise<TestPlace> {
  const directory = mkdtempSync(join(tmpdir(), 'ordinaut-test-'));
  const postgresUrl = inject('postgresUrl');
  const database = kind === 'postgres' && postgresUrl !== null ? await createDatabase(postgresUrl) : null;
  const databaseUrl = database?.url ?? null;
  return {
    kind,
    databaseUrl,
    directory,
    open: ({ clock = systemClock } = {}) =>
      openStore({ databaseUrl, directory, poolSize: 8, name: 'test', clock, logger }),
    async remove() {
      await database?.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Runs one suite on every store. The suite of a store that is not there is reported as skipped, by its name. */
export function describeStores(name: string, suite: (kind: StoreKind) => void): void {
  for (const kind of ['sqlite', 'postgres'] as const) {
    const missing = kind === 'postgres' && inject('postgresUrl') === null;
    describe.skipIf(missing)(`${name} on ${kind}`, () => suite(kind));
  }
}
