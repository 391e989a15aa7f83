import { type Expression, sql } from 'kysely';
import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';
import { DB_NOW } from './postgres/db-now.ts';
import type { Store } from './store.ts';
import type { EventClaimRow } from './tables.ts';

/** How often an event has failed, and up to where the claim is handled. */
export interface ClaimProgress {
  readonly next: number;
  readonly failures: number;
}

/**
 * Consumer groups over the log. The cursor of a group says up to where the log has been handed out; what was handed out and is not
 * handled yet are its claims. A claim whose lease is over is handed out again, to whoever asks first.
 */
export class EventGroups {
  readonly #store: Store;
  readonly #clock: Clock;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Makes the group if there is none, at the end of the log; answers its cursor. */
  async open(name: string, pattern: string): Promise<number> {
    const { db } = this.#store;
    const now = this.#clock.now();
    const end = db.selectFrom('event_state').select('position');
    const row = await db
      .insertInto('event_groups')
      .values({ name, pattern, cursor: end, seen_at: now })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ pattern, seen_at: now }))
      .returning('cursor')
      .executeTakeFirstOrThrow();
    return row.cursor;
  }

  /** Moves the cursor on where nothing was of interest; nothing where others have moved it further. */
  async skip(name: string, to: number): Promise<void> {
    await this.#store.db
      .updateTable('event_groups')
      .set({ cursor: to, seen_at: this.#clock.now() })
      .where('name', '=', name)
      .where('cursor', '<', to)
      .execute();
  }

  /**
   * Hands out what lies between the cursor and `to`, and forgets the claim `done`.
   *
   * @returns null where others have it already.
   */
  async claim(
    name: string,
    to: number,
    owner: string,
    leaseMs: number,
    done: string | null,
  ): Promise<EventClaimRow | null> {
    const { db, kind } = this.#store;
    const id = newId();
    const range = db
      .selectFrom('event_groups')
      .where('name', '=', name)
      .where('cursor', '<', to)
      .select([
        cast(id, kind === 'postgres' ? 'uuid' : 'text').as('id'),
        'name as group_name',
        sql<number>`cursor + 1`.as('first'),
        cast(to, 'bigint').as('last'),
        sql<number>`cursor + 1`.as('next'),
        cast(owner, 'text').as('owner'),
        this.#lease(leaseMs).as('lease_until'),
        sql<number>`0`.as('failures'),
      ]);
    const [, rows] = await this.#store.atomically([
      db
        .deleteFrom('event_claims')
        .where('id', '=', done ?? id)
        .where('owner', '=', owner),
      db
        .insertInto('event_claims')
        .columns(['id', 'group_name', 'first', 'last', 'next', 'owner', 'lease_until', 'failures'])
        // The row of the group is held until the cursor has moved.
        .expression(kind === 'postgres' ? range.forUpdate() : range)
        .returningAll(),
      db
        .updateTable('event_groups')
        .set({ cursor: to, seen_at: this.#clock.now() })
        .where('name', '=', name)
        .where('cursor', '<', to),
    ]);
    const row = rows?.[0];
    return row === undefined ? null : (row as unknown as EventClaimRow);
  }

  /** Takes over a claim that was handed back or whose owner is dead; for the event it stood at, a death counts as a failure. */
  async takeOver(name: string, owner: string, leaseMs: number): Promise<EventClaimRow | null> {
    const { db } = this.#store;
    const oldest = db
      .selectFrom('event_claims')
      .select('id')
      .where('group_name', '=', name)
      .where('lease_until', '<', this.#now())
      .orderBy('first')
      .limit(1);
    const row = await db
      .updateTable('event_claims')
      .set({
        owner,
        lease_until: this.#lease(leaseMs),
        failures: sql`failures + CASE WHEN owner IS NULL THEN 0 ELSE 1 END`,
      })
      .where('id', '=', oldest)
      .where('lease_until', '<', this.#now())
      .returningAll()
      .executeTakeFirst();
    return row ?? null;
  }

  /** Stores how far a claim is handled, and renews its lease. False: others have it. */
  async advance(claim: string, owner: string, leaseMs: number, { next, failures }: ClaimProgress): Promise<boolean> {
    const { numUpdatedRows } = await this.#store.db
      .updateTable('event_claims')
      .set({ next, failures, lease_until: this.#lease(leaseMs) })
      .where('id', '=', claim)
      .where('owner', '=', owner)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  }

  /** Forgets a claim that is handled to its end. */
  async finish(claim: string, owner: string): Promise<void> {
    await this.#store.db.deleteFrom('event_claims').where('id', '=', claim).where('owner', '=', owner).execute();
  }

  /** Hands a claim back, so that others can take it over at once. */
  async release(claim: string, owner: string, { next, failures }: ClaimProgress): Promise<void> {
    await this.#store.db
      .updateTable('event_claims')
      .set({ next, failures, owner: null, lease_until: 0 })
      .where('id', '=', claim)
      .where('owner', '=', owner)
      .execute();
  }

  /** By the clock that all processes share. */
  #now(): Expression<number> {
    return this.#store.kind === 'postgres' ? sql<number>`${sql.raw(DB_NOW)}` : sql<number>`${this.#clock.now()}`;
  }

  #lease(ms: number) {
    return this.#store.kind === 'postgres'
      ? sql<number>`${sql.raw(DB_NOW)} + CAST(${ms} AS bigint)`
      : sql<number>`${this.#clock.now() + ms}`;
  }
}

const cast = <Value>(value: Value, type: string) => sql<Value>`CAST(${value} AS ${sql.raw(type)})`;
