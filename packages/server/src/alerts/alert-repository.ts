import type { AlertListQuery, Page } from '@ordinaut/contract';
import { type Kysely, sql } from 'kysely';
import { keysetPage } from '../storage/keyset-page.ts';
import type { Store } from '../storage/store.ts';
import type { AlertRow, Tables } from '../storage/tables.ts';

/** The SQL of alerts. */
export class AlertRepository {
  readonly #db: Kysely<Tables>;

  constructor(store: Store) {
    this.#db = store.db;
  }

  list(query: AlertListQuery): Promise<Page<AlertRow>> {
    const { severity, status, source, since, q } = query;
    const rows = () => {
      let found = this.#db.selectFrom('alerts');
      if (severity !== undefined) found = found.where('severity', '=', severity);
      if (status !== undefined) found = found.where('status', '=', status);
      if (source !== undefined) found = found.where('source', '=', source);
      if (since !== undefined) found = found.where('last_seen', '>=', Date.parse(since));
      if (q !== undefined) {
        const part = `%${q.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
        found = found.where(
          sql<boolean>`(lower(title) LIKE ${part} ESCAPE '\\' OR lower(coalesce(description, '')) LIKE ${part} ESCAPE '\\')`,
        );
      }
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
}
