import type { Page, PrincipalListQuery } from '@ordinaut/contract';
import { type ExpressionBuilder, type Kysely, sql, type Transaction } from 'kysely';
import { inWindow, keysetPage } from '../storage/keyset-page.ts';
import type { Store } from '../storage/store.ts';
import type { PrincipalRow, Tables } from '../storage/tables.ts';
import { mayEverything } from './principal-scopes.ts';

export type Kind = PrincipalRow['kind'];
export type PrincipalFields = Partial<
  Pick<PrincipalRow, 'description' | 'role' | 'scopes' | 'secret_hash' | 'disabled' | 'deleted_at'>
>;

/** The SQL of users and agents. Deleted ones are found by nothing but their name, which stays taken. */
export class PrincipalRepository {
  readonly #db: Kysely<Tables>;
  readonly #kind: Store['kind'];
  readonly #signals: Store['signals'];

  constructor(store: Store) {
    this.#db = store.db;
    this.#kind = store.kind;
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
      page: (window) => inWindow(rows().selectAll(), window),
    });
  }

  /** Changes one; every process hears of it. @returns how it is then; undefined where there is none. */
  async update(id: string, fields: PrincipalFields, now: number): Promise<PrincipalRow | undefined> {
    const changed = await change(this.#db, id, fields, now);
    this.#signals.emit('identity');
    return changed;
  }

  /**
   * The same for a user, as long as somebody is left who may do everything: of two changes at the same moment that would leave nobody,
   * one is not made.
   *
   * @returns null where nobody would be left.
   */
  async updateUser(id: string, fields: PrincipalFields, now: number): Promise<PrincipalRow | undefined | null> {
    const changed = await this.#db
      .transaction()
      .execute(async (tx) => {
        let admins = tx.selectFrom('principals').select(['id', 'role', 'scopes']).where(mayBeAdmin).orderBy('id');
        if (this.#kind === 'postgres') admins = admins.forUpdate();
        const before = (await admins.execute()).filter(mayEverything);
        const user = await change(tx, id, fields, now);
        if (user === undefined) return undefined;
        const isLeft = before.some((admin) => admin.id !== id) || (user.disabled === 0 && mayEverything(user));
        if (!isLeft && before.length > 0) throw new NobodyLeft();
        return user;
      })
      .catch((error: unknown) => {
        if (error instanceof NobodyLeft) return null;
        throw error;
      });
    this.#signals.emit('identity');
    return changed;
  }

  async loggedIn(id: string, now: number): Promise<void> {
    await this.#db.updateTable('principals').set({ last_login_at: now }).where('id', '=', id).execute();
  }
}

/** Takes the transaction back. */
class NobodyLeft extends Error {}

/** Users that can log in and may be able to do everything. */
const mayBeAdmin = ({ eb, and, or }: ExpressionBuilder<Tables, 'principals'>) =>
  and([
    eb('kind', '=', 'user'),
    eb('deleted_at', 'is', null),
    eb('disabled', '=', 0),
    or([eb('role', '=', 'admin'), eb('scopes', 'like', '%"*"%')]),
  ]);

const change = (
  db: Kysely<Tables> | Transaction<Tables>,
  id: string,
  fields: PrincipalFields,
  now: number,
): Promise<PrincipalRow | undefined> =>
  db
    .updateTable('principals')
    .set({ ...fields, updated_at: now })
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .returningAll()
    .executeTakeFirst();

export const keyOf = (name: string): string => name.toLowerCase();
