import type { Clock } from '../kernel/clock.ts';
import type { Store } from './store.ts';

const KEPT_MS = 86_400_000;
/** A key that was begun by a process that died is free again after this: longer than any answer takes. */
const ABANDONED_MS = 600_000;

/** An answer as it was given, kept to be given again. */
export interface StoredAnswer {
  readonly status: number;
  /** The body, byte for byte. */
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Whose a key is: when it was begun, epoch milliseconds. A hold that was lost is at least ten minutes older than the one that took
 * its place, so this tells them apart.
 */
export type Hold = number;

export type Begun =
  /** The key was free and is now held: `complete` or `abandon` must follow, with this hold. */
  | { readonly kind: 'new'; readonly hold: Hold }
  | ({ readonly kind: 'replay' } & StoredAnswer)
  /** The key was used for another request. */
  | { readonly kind: 'mismatch' }
  /** The same request is being answered at this moment. */
  | { readonly kind: 'in_progress' };

/**
 * Answers to keyed requests, kept for 24 hours. Of any number of callers with one key, one gets `new`. A key that was begun and
 * neither completed nor abandoned (the process died) is free again after ten minutes.
 */
export class IdempotencyKeys {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(deps: { store: Store; clock: Clock }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
  }

  /** @param key of the client together with its principal, up to 512 characters. @param requestHash SHA-256, hex. */
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
    if (taken !== undefined) return { kind: 'new', hold: now };
    const row = await db.selectFrom('idempotency_keys').selectAll().where('key', '=', key).executeTakeFirst();
    // Abandoned at this very moment: whoever asks again gets it.
    if (row === undefined) return { kind: 'in_progress' };
    if (row.request_hash !== requestHash) return { kind: 'mismatch' };
    if (row.status === null) return { kind: 'in_progress' };
    const headers = JSON.parse(row.headers ?? '{}') as Record<string, string>;
    return { kind: 'replay', status: row.status, body: row.body ?? '', headers };
  }

  /** Keeps the answer; nothing where the hold was lost to a later one, because the answer took more than ten minutes. */
  async complete(key: string, { status, body, headers }: StoredAnswer, hold: Hold): Promise<void> {
    await this.#store.db
      .updateTable('idempotency_keys')
      .set({ status, body, headers: JSON.stringify(headers) })
      .where('key', '=', key)
      .where('created_at', '=', hold)
      .where('status', 'is', null)
      .execute();
  }

  /** Frees the key; nothing where the hold was lost to a later one. */
  async abandon(key: string, hold: Hold): Promise<void> {
    await this.#store.db
      .deleteFrom('idempotency_keys')
      .where('key', '=', key)
      .where('created_at', '=', hold)
      .where('status', 'is', null)
      .execute();
  }
}
