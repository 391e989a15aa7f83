import type { Clock } from '../kernel/clock.ts';
import type { Store } from './store.ts';

const KEPT_MS = 86_400_000;
/** A key that was begun by a process that died is free again after this: longer than any answer takes. */
const ABANDONED_MS = 600_000;

export interface StoredAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type Begun =
  | { readonly kind: 'new' }
  | ({ readonly kind: 'replay' } & StoredAnswer)
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'in_progress' };

/** Answers to keyed requests, kept for 24 hours. Of any number of callers with one key, one gets `new`. */
export class IdempotencyKeys {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(deps: { store: Store; clock: Clock }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
  }

  async begin(key: string, requestHash: string): Promise<Begun> {
    const { db } = this.#store;
    const now = this.#clock.now();
    const fresh = { request_hash: requestHash, status: null, headers: null, body: null, created_at: now };
    const taken = await db
      .insertInto('idempotency_keys')
      .values({ key, ...fresh })
      .onConflict((conflict) =>
        conflict
          .column('key')
          .doUpdateSet(fresh)
          .where(({ eb, or, and }) =>
            or([
              eb('idempotency_keys.created_at', '<', now - KEPT_MS),
              and([
                eb('idempotency_keys.status', 'is', null),
                eb('idempotency_keys.created_at', '<', now - ABANDONED_MS),
              ]),
            ]),
          ),
      )
      .returning('key')
      .executeTakeFirst();
    if (taken !== undefined) return { kind: 'new' };
    const row = await db.selectFrom('idempotency_keys').selectAll().where('key', '=', key).executeTakeFirst();
    // Abandoned at this very moment: whoever asks again gets it.
    if (row === undefined) return { kind: 'in_progress' };
    if (row.request_hash !== requestHash) return { kind: 'mismatch' };
    if (row.status === null) return { kind: 'in_progress' };
    const headers = JSON.parse(row.headers ?? '{}') as Record<string, string>;
    return { kind: 'replay', status: row.status, body: row.body ?? '', headers };
  }

  async complete(key: string, { status, body, headers }: StoredAnswer): Promise<void> {
    await this.#store.db
      .updateTable('idempotency_keys')
      .set({ status, body, headers: JSON.stringify(headers) })
      .where('key', '=', key)
      .execute();
  }

  async abandon(key: string): Promise<void> {
    await this.#store.db.deleteFrom('idempotency_keys').where('key', '=', key).where('status', 'is', null).execute();
  }
}
