import type { HandlerListQuery, Page } from '@ordinaut/contract';
import type { HandlerRow } from '../storage/handler-rows.ts';
import { inWindow, keysetPage } from '../storage/keyset-page.ts';
import type { Store } from '../storage/store.ts';

/** The SQL of handlers. */
export class HandlerRepository {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async insert(handler: HandlerRow): Promise<void> {
    await this.#store.db.insertInto('handlers').values(handler).execute();
  }

  find(id: string): Promise<HandlerRow | undefined> {
    return this.#store.db.selectFrom('handlers').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /** What is needed to know whether a handler is known as it is now. */
  async versionOf(id: string): Promise<number | undefined> {
    const row = await this.#store.db.selectFrom('handlers').select('version').where('id', '=', id).executeTakeFirst();
    return row?.version;
  }

  list(query: HandlerListQuery): Promise<Page<HandlerRow>> {
    const { db } = this.#store;
    const rows = () => {
      let found = db.selectFrom('handlers');
      if (query.is_dynamic !== undefined) found = found.where('is_dynamic', '=', query.is_dynamic ? 1 : 0);
      if (query.created_by !== undefined) found = found.where('created_by', '=', query.created_by);
      return found;
    };
    return keysetPage(query, {
      db,
      count: (limit) => rows().select('id').limit(limit),
      page: (window) => inWindow(rows().selectAll(), window),
    });
  }

  /**
   * Changes a handler under its lock: `change` sees it as it is and answers what to write, or throws to leave it.
   *
   * @returns the handler as it then is; undefined where there is none.
   */
  change(
    id: string,
    change: (handler: HandlerRow) => Omit<Partial<HandlerRow>, 'id'>,
  ): Promise<HandlerRow | undefined> {
    return this.#store.db.transaction().execute(async (tx) => {
      let query = tx.selectFrom('handlers').selectAll().where('id', '=', id);
      if (this.#store.kind === 'postgres') query = query.forUpdate();
      const handler = await query.executeTakeFirst();
      if (handler === undefined) return undefined;
      const fields = change(handler);
      await tx.updateTable('handlers').set(fields).where('id', '=', id).execute();
      return { ...handler, ...fields };
    });
  }

  /** Answers whether there was one. */
  async delete(id: string): Promise<boolean> {
    const { numDeletedRows } = await this.#store.db
      .deleteFrom('handlers')
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return Number(numDeletedRows) > 0;
  }
}
