import type { Page } from '@ordinaut/contract';
import { type Expression, type SqlBool, sql } from 'kysely';
import { firstIdOf } from '../kernel/ids.ts';
import type { HandlerEventRow } from '../storage/handler-rows.ts';
import { inWindow, keysetPage } from '../storage/keyset-page.ts';
import { notedRow } from '../storage/run-events.ts';
import type { Store } from '../storage/store.ts';

/** What a list of events is asked for. */
export interface EventFilter {
  readonly limit?: number;
  readonly offset?: number;
  readonly skip?: number;
  readonly cursor?: string;
  readonly source?: string;
  readonly external_id?: string;
  readonly track_id?: string;
  /** An event has all of them. */
  readonly tags: readonly string[];
  /** Epoch milliseconds; from this instant on. */
  readonly since: number | null;
  /** Epoch milliseconds; before this instant. */
  readonly until: number | null;
}

/** Characters of a block of published events: what reads the log takes many of them at a time. */
const BLOCK_LENGTH = 1_000_000;
const SWEPT = 500;

/** The SQL of the events of handlers. */
export class HandlerEventRepository {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Stores the events of one request and notes them on the topic of their handler, both or neither.
   *
   * @param published the same events as JSON.
   */
  async insert(
    handlerId: string,
    rows: readonly HandlerEventRow[],
    published: readonly string[],
    now: number,
  ): Promise<void> {
    const { db, signals } = this.#store;
    const blocks = inBlocks(published).map((texts) => notedRow(`handler.${handlerId}`, texts, now));
    await this.#store.atomically([
      db.insertInto('handler_events').values([...rows]),
      db.insertInto('event_blocks').values(blocks),
    ]);
    signals.emit('noted');
  }

  find(eventId: string): Promise<HandlerEventRow | undefined> {
    return this.#store.db.selectFrom('handler_events').selectAll().where('event_id', '=', eventId).executeTakeFirst();
  }

  /** @param id not that which the client has given. */
  async isStored(id: string): Promise<boolean> {
    const found = await this.#store.db
      .selectFrom('handler_events')
      .select('id')
      .where('id', '=', id)
      .executeTakeFirst();
    return found !== undefined;
  }

  /** Those of the ids that events have already. */
  async taken(eventIds: readonly string[]): Promise<string[]> {
    const rows = await this.#store.db
      .selectFrom('handler_events')
      .select('event_id')
      .where('event_id', 'in', eventIds)
      .execute();
    return rows.map((row) => row.event_id);
  }

  async hasAny(handlerId: string): Promise<boolean> {
    const found = await this.#store.db
      .selectFrom('handler_events')
      .select('id')
      .where('handler_id', '=', handlerId)
      .limit(1)
      .executeTakeFirst();
    return found !== undefined;
  }

  list(handlerId: string, filter: EventFilter): Promise<Page<HandlerEventRow>> {
    const { source, external_id, track_id, tags, since, until } = filter;
    const { db, kind } = this.#store;
    const rows = () => {
      let found = db.selectFrom('handler_events').where('handler_id', '=', handlerId);
      if (source !== undefined) found = found.where('source', '=', source);
      if (external_id !== undefined) found = found.where('external_id', '=', external_id);
      if (track_id !== undefined) found = found.where('track_id', '=', track_id);
      if (since !== null) found = found.where('create_time', '>=', since);
      if (until !== null) found = found.where('create_time', '<', until);
      for (const tag of tags) found = found.where(hasTag(tag, kind === 'sqlite' ? 'instr' : 'strpos'));
      return found;
    };
    return keysetPage(filter, {
      db,
      count: (limit) => rows().select('id').limit(limit),
      page: (window) => inWindow(rows().selectAll(), window),
    });
  }

  /** Deletes what was stored before an instant, in small pieces; answers how many went. */
  async sweep(before: number, stop?: AbortSignal): Promise<number> {
    const { db } = this.#store;
    let total = 0;
    for (let deleted = SWEPT; deleted === SWEPT && stop?.aborted !== true; total += deleted) {
      const oldest = db
        .selectFrom('handler_events')
        .select('id')
        .where('id', '<', firstIdOf(before))
        .orderBy('id')
        .limit(SWEPT);
      const { numDeletedRows } = await db
        .deleteFrom('handler_events')
        .where('id', 'in', oldest)
        .executeTakeFirstOrThrow();
      deleted = Number(numDeletedRows);
    }
    return total;
  }
}

/** In a JSON list of texts every item but the first follows `,"`, which no text can hold: its quotes are escaped. */
const hasTag = (tag: string, find: 'instr' | 'strpos'): Expression<SqlBool> => {
  const item = JSON.stringify(tag);
  const at = (text: string) => sql<number>`${sql.raw(find)}(tags, ${text})`;
  return sql<SqlBool>`(${at(`[${item}`)} = 1 OR ${at(`,${item}`)} > 0)`;
};

function inBlocks(texts: readonly string[]): string[][] {
  const blocks: string[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const text of texts) {
    if (length + text.length > BLOCK_LENGTH) {
      blocks.push([]);
      length = 0;
    }
    blocks.at(-1)!.push(text);
    length += text.length;
  }
  return blocks;
}
