import type { Page, PrincipalListQuery } from '@ordinaut/contract';
import { type Kysely, sql } from 'kysely';
import { keysetPage } from '../storage/keyset-page.ts';
import type { Store } from '../storage/store.ts';
import type { PrincipalRow, Tables } from '../storage/tables.ts';

export type Kind = PrincipalRow['kind'];
export type PrincipalFields = Partial<
  Pick<PrincipalRow, 'description' | 'role' | 'scopes' | 'secret_hash' | 'disabled' | 'deleted_at'>
>;

/** The SQL of users and agents. Deleted ones are found by nothing but their name, which stays taken. */
export class PrincipalRepository {
  readonly #db: Kysely<Tables>;
  readonly #signals: Store['signals'];

  constructor(store: Store) {
    this.#db = store.db;
    this.#signals = store.signals;
  }

  /** @returns false where the name is taken. */
  async insert(row: PrincipalRow): Promise<boolean> {
    const inserted = await this.#db
      .insertInto('principals')
      .values(row)
      .onConflict((conflict) => conflict.column('name_key').doNothing())
      .returning('id')
      .executeTakeFirst();
    return inserted !== undefined;
  }

  find(kind: Kind, by: { id: string } | { name: string }): Promise<PrincipalRow | undefined> {
    const rows = this.#db.selectFrom('principals').selectAll().where('kind', '=', kind).where('deleted_at', 'is', null);
    return ('id' in by ? rows.where('id', '=', by.id) : rows.where('name_key', '=', keyOf(by.name))).executeTakeFirst();
  }

  /** One of either kind. */
  named(name: string): Promise<PrincipalRow | undefined> {
    return this.#db
      .selectFrom('principals')
      .selectAll()
      .where('name_key', '=', keyOf(name))
      .where('deleted_at', 'is', null)
      .executeTakeFirst();
  }

  async isEmpty(): Promise<boolean> {
    return (await this.#db.selectFrom('principals').select('id').limit(1).executeTakeFirst()) === undefined;
  }

  list(kind: Kind, query: PrincipalListQuery): Promise<Page<PrincipalRow>> {
    const rows = () => {
      let found = this.#db.selectFrom('principals').where('kind', '=', kind).where('deleted_at', 'is', null);
      if (query.name !== undefined) {
        const part = `%${query.name.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
        found = found.where(sql<boolean>`name_key LIKE ${part} ESCAPE '\\'`);
      }
      if (query.role !== undefined) found = found.where('role', '=', query.role);
      if (query.disabled !== undefined) found = found.where('disabled', '=', query.disabled ? 1 : 0);
      return found;
    };
    return keysetPage(query, {
      db: this.#db,
      count: (limit) => rows().select('id').limit(limit),
      page: ({ before, limit, offset }) => {
        let page = rows().selectAll().orderBy('id', 'desc').limit(limit).offset(offset);
        if (before !== null) page = page.where('id', '<', before);
        return page.execute();
      },
    });
  }

  /** Changes one; every process hears of it. @returns how it is then; undefined where there is none. */
  async update(id: string, fields: PrincipalFields, now: number): Promise<PrincipalRow | undefined> {
    const changed = await this.#db
      .updateTable('principals')
      .set({ ...fields, updated_at: now })
      .where('id', '=', id)
      .where('deleted_at', 'is', null)
      .returningAll()
      .executeTakeFirst();
    this.#signals.emit('identity');
    return changed;
  }

  async loggedIn(id: string, now: number): Promise<void> {
    await this.#db.updateTable('principals').set({ last_login_at: now }).where('id', '=', id).execute();
  }

  /** Users that may do everything and can log in, other than one. */
  async otherAdmins(id: string): Promise<number> {
    const { count } = await this.#db
      .selectFrom('principals')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('kind', '=', 'user')
      .where('deleted_at', 'is', null)
      .where('disabled', '=', 0)
      .where('id', '<>', id)
      .where(({ eb, or }) => or([eb('role', '=', 'admin'), eb('scopes', 'like', '%"*"%')]))
      .executeTakeFirstOrThrow();
    return Number(count);
  }
}

export const keyOf = (name: string): string => name.toLowerCase();
