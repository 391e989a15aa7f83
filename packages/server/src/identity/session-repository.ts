import type { Kysely } from 'kysely';
import type { Store } from '../storage/store.ts';
import type { PrincipalRow, SessionRow, Tables } from '../storage/tables.ts';

/** A session with whose it is. */
export interface SessionOf {
  readonly session: SessionRow;
  readonly principal: PrincipalRow;
}

/** The SQL of sessions. */
export class SessionRepository {
  readonly #db: Kysely<Tables>;
  readonly #kind: Store['kind'];
  readonly #signals: Store['signals'];

  constructor(store: Store) {
    this.#db = store.db;
    this.#kind = store.kind;
    this.#signals = store.signals;
  }

  /**
   * Stores a session of somebody whose secret has just been found right.
   *
   * @param hash what it was compared with. Another one stands there now where the secret was changed meanwhile, which has ended every
   *   session and is to end this one too.
   * @returns false where it does not stand any more.
   */
  insert(session: SessionRow, hash: string): Promise<boolean> {
    return this.#db.transaction().execute(async (tx) => {
      let owner = tx
        .selectFrom('principals')
        .select('id')
        .where('id', '=', session.principal_id)
        .where('secret_hash', '=', hash)
        .where('disabled', '=', 0);
      // Whoever changes the secret waits for this, and then ends what this has stored.
      if (this.#kind === 'postgres') owner = owner.forShare();
      if ((await owner.executeTakeFirst()) === undefined) return false;
      await tx.insertInto('sessions').values(session).execute();
      return true;
    });
  }

  /** One that counts at an instant, of somebody who may come in. */
  async find(by: { id: string } | { secret: string }, now: number): Promise<SessionOf | undefined> {
    const open = this.#db
      .selectFrom('sessions')
      .selectAll()
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', now);
    const session = await ('id' in by
      ? open.where('id', '=', by.id)
      : open.where('kind', '=', 'cookie').where('secret', '=', by.secret)
    ).executeTakeFirst();
    if (session === undefined) return undefined;
    const principal = await this.#db
      .selectFrom('principals')
      .selectAll()
      .where('id', '=', session.principal_id)
      .where('disabled', '=', 0)
      .where('deleted_at', 'is', null)
      .executeTakeFirst();
    return principal && { session, principal };
  }

  async used(id: string, fields: { used_at: number; expires_at?: number }): Promise<void> {
    await this.#db.updateTable('sessions').set(fields).where('id', '=', id).where('revoked_at', 'is', null).execute();
  }

  /**
   * Puts the next refresh token in place of the one that was shown.
   *
   * @returns false where another one counts: this one was used before.
   */
  async rotate(id: string, from: string, to: string, times: { used_at: number; expires_at: number }): Promise<boolean> {
    const rotated = await this.#db
      .updateTable('sessions')
      .set({ secret: to, ...times })
      .where('id', '=', id)
      .where('secret', '=', from)
      .where('revoked_at', 'is', null)
      .returning('id')
      .executeTakeFirst();
    return rotated !== undefined;
  }

  /** Ends one session, or all of somebody; every process hears of it. */
  async revoke(which: { id: string } | { principalId: string }, now: number): Promise<void> {
    const open = this.#db.updateTable('sessions').set({ revoked_at: now }).where('revoked_at', 'is', null);
    await ('id' in which
      ? open.where('id', '=', which.id)
      : open.where('principal_id', '=', which.principalId)
    ).execute();
    this.#signals.emit('identity');
  }

  /** Deletes those that ended before an instant. */
  async deleteEnded(before: number): Promise<void> {
    await this.#db
      .deleteFrom('sessions')
      .where(({ eb, or }) => or([eb('expires_at', '<', before), eb('revoked_at', '<', before)]))
      .execute();
  }
}
