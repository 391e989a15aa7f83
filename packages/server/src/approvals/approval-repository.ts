import type { ApprovalListQuery, Page } from '@ordinaut/contract';
import type { Kysely } from 'kysely';
import type { ApprovalRow } from '../storage/approval-row.ts';
import { inWindow, keysetPage } from '../storage/keyset-page.ts';
import type { Store } from '../storage/store.ts';
import type { Tables } from '../storage/tables.ts';

/** Counting stops here. */
const PENDING_LIMIT = 10_000;

/** The SQL of approvals; the queue writes them, with the runs. */
export class ApprovalRepository {
  readonly #db: Kysely<Tables>;

  constructor(store: Store) {
    this.#db = store.db;
  }

  find(id: string): Promise<ApprovalRow | undefined> {
    return this.#db.selectFrom('approvals').selectAll().where('id', '=', id).executeTakeFirst();
  }

  list(query: ApprovalListQuery): Promise<Page<ApprovalRow>> {
    const { status, run_id, task_id } = query;
    const rows = () => {
      let found = this.#db.selectFrom('approvals');
      if (status !== undefined) found = found.where('status', '=', status);
      if (run_id !== undefined) found = found.where('run_id', '=', run_id);
      if (task_id !== undefined) found = found.where('task_id', '=', task_id);
      return found;
    };
    return keysetPage(query, {
      db: this.#db,
      count: (limit) => rows().select('id').limit(limit),
      page: (window) => inWindow(rows().selectAll(), window),
    });
  }

  /** Approvals that wait for an answer, at most 10,000 are counted. */
  async countPending(): Promise<number> {
    const pending = this.#db.selectFrom('approvals').select('id').where('status', '=', 'pending').limit(PENDING_LIMIT);
    const { n } = await this.#db
      .selectFrom(pending.as('pending'))
      .select(({ fn }) => fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow();
    return Number(n);
  }
}
