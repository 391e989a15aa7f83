import { sql } from 'kysely';
import type { Store } from '../storage/store.ts';

/** What operators, and the host itself, have decided about an extension; it holds for every process and across restarts. */
export interface ExtensionRecord {
  readonly id: string;
  /** What an operator has said; null: what the manifest says. */
  readonly enabled: boolean | null;
  /** Why it is quarantined; null: it is not. */
  readonly quarantine: string | null;
  /** How often a reload was asked for; another number than before asks this process too. */
  readonly reloads: number;
}

/** The decisions about extensions in the database. */
export class ExtensionRecords {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async all(): Promise<Map<string, ExtensionRecord>> {
    const rows = await this.#store.db.selectFrom('extensions').selectAll().execute();
    return new Map(
      rows.map(({ id, enabled, quarantine, reloads }) => [
        id,
        { id, enabled: enabled === null ? null : enabled === 1, quarantine, reloads },
      ]),
    );
  }

  async setEnabled(id: string, enabled: boolean, now: number): Promise<void> {
    const values = { enabled: enabled ? 1 : 0, updated_at: now };
    await this.#store.db
      .insertInto('extensions')
      .values({ id, quarantine: null, reloads: 0, ...values })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
      .execute();
  }

  /** @param reason null takes it out of quarantine. */
  async setQuarantine(id: string, reason: string | null, now: number): Promise<void> {
    const values = { quarantine: reason, updated_at: now };
    await this.#store.db
      .insertInto('extensions')
      .values({ id, enabled: null, reloads: 0, ...values })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(values))
      .execute();
  }

  /** Asks every process for a reload; answers the new count. */
  async countReload(id: string, now: number): Promise<number> {
    const { reloads } = await this.#store.db
      .insertInto('extensions')
      .values({ id, enabled: null, quarantine: null, reloads: 1, updated_at: now })
      .onConflict((conflict) =>
        conflict.column('id').doUpdateSet({ reloads: sql`extensions.reloads + 1`, updated_at: now }),
      )
      .returning('reloads')
      .executeTakeFirstOrThrow();
    return reloads;
  }
}
