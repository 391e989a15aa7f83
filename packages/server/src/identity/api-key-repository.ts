import type { Page, PageQuery } from '@ordinaut/contract';
import type { Kysely } from 'kysely';
import { inWindow, keysetPage } from '../storage/keyset-page.ts';
import type { Store } from '../storage/store.ts';
import type { ApiKeyRow, PrincipalRow, Tables } from '../storage/tables.ts';

export type ApiKeyRecord = ApiKeyRow & { readonly owner: string };

/** The SQL of API keys. */
export class ApiKeyRepository {
  readonly #db: Kysely<Tables>;
  readonly #signals: Store['signals'];

  constructor(store: Store) {
    this.#db = store.db;
    this.#signals = store.signals;
  }

  async insert(key: ApiKeyRow): Promise<void> {
    await this.#db.insertInto('api_keys').values(key).execute();
  }

  find(id: string): Promise<ApiKeyRecord | undefined> {
    return this.#records().where('api_keys.id', '=', id).executeTakeFirst();
  }

  /** One that counts at an instant, with its owner, who may come in. */
  async usable(hash: string, now: number): Promise<{ key: ApiKeyRow; principal: PrincipalRow } | undefined> {
    const key = await this.#db
      .selectFrom('api_keys')
      .selectAll()
      .where('hash', '=', hash)
      .where('revoked_at', 'is', null)
      .where(({ eb, or }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
      .executeTakeFirst();
    if (key === undefined) return undefined;
    const principal = await this.#db
      .selectFrom('principals')
      .selectAll()
      .where('id', '=', key.principal_id)
      .where('disabled', '=', 0)
      .where('deleted_at', 'is', null)
      .executeTakeFirst();
    return principal && { key, principal };
  }

  /** @param owner id; null: everybody's. */
  list(query: PageQuery, owner: string | null): Promise<Page<ApiKeyRecord>> {
    const rows = () => (owner === null ? this.#records() : this.#records().where('api_keys.principal_id', '=', owner));
    return keysetPage(query, {
      db: this.#db,
      count: (limit) => rows().clearSelect().select('api_keys.id').limit(limit),
      page: (window) => inWindow(rows(), window, 'api_keys.id'),
    });
  }

  async used(id: string, now: number): Promise<void> {
    await this.#db.updateTable('api_keys').set({ last_used_at: now }).where('id', '=', id).execute();
  }

  /** Every process hears of it. */
  async revoke(id: string, now: number): Promise<void> {
    await this.#db
      .updateTable('api_keys')
      .set({ revoked_at: now })
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .execute();
    this.#signals.emit('identity');
  }

  #records() {
    return this.#db
      .selectFrom('api_keys')
      .innerJoin('principals', 'principals.id', 'api_keys.principal_id')
      .selectAll('api_keys')
      .select('principals.name as owner');
  }
}
