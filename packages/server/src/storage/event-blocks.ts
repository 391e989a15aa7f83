import { sql } from 'kysely';
import type { EventId } from './event-log.ts';
import type { Store } from './store.ts';
import type { EventBlockRow, EventTopicRow } from './tables.ts';

/** A block that is in the log. */
export type LogBlock = Omit<EventBlockRow, 'position' | 'ms' | 'seq' | 'settled' | 'held_until'> & {
  position: number;
  ms: number;
  seq: number;
};

/** Blocks taken away by one statement. */
const CHUNK = 100;

/** Reads the log and takes away what is old; the same on both dialects. */
export class EventBlocks {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Position of the newest event. */
  async end(): Promise<number> {
    const state = await this.#store.db.selectFrom('event_state').select('position').executeTakeFirstOrThrow();
    return state.position;
  }

  /** The blocks with events after a position, in order. */
  async after(position: number, limit: number): Promise<LogBlock[]> {
    const covering = sql<number>`COALESCE((SELECT max(b.position) FROM event_blocks b WHERE b.position <= ${position}), 0)`;
    const blocks = await this.#log()
      .where('position', '>=', covering)
      .orderBy('position')
      .limit(limit + 1)
      .$castTo<LogBlock>()
      .execute();
    return blocks.filter((block) => block.position + block.n - 1 > position);
  }

  /** The newest blocks of all streams but those whose key begins so, the newest first. */
  newest(limit: number, exceptPrefix: string): Promise<LogBlock[]> {
    return this.#log()
      .where('stream', 'not like', `${exceptPrefix}%`)
      .orderBy('position', 'desc')
      .limit(limit)
      .$castTo<LogBlock>()
      .execute();
  }

  /** The block with the newest event of a stream that is not after `id`. */
  upTo(stream: string, { ms, seq }: EventId): Promise<LogBlock | undefined> {
    return this.#log()
      .where('stream', '=', stream)
      .where(sql<boolean>`(ms, seq) <= (${ms}, ${seq})`)
      .orderBy('ms', 'desc')
      .orderBy('seq', 'desc')
      .limit(1)
      .$castTo<LogBlock>()
      .executeTakeFirst();
  }

  /** The block with the newest event of a stream. */
  newestOf(stream: string): Promise<LogBlock | undefined> {
    return this.upTo(stream, { ms: Number.MAX_SAFE_INTEGER, seq: 0 });
  }

  /** The block with the oldest event of a stream. */
  oldest(stream: string): Promise<LogBlock | undefined> {
    return this.#log()
      .where('stream', '=', stream)
      .orderBy('ms')
      .orderBy('seq')
      .limit(1)
      .$castTo<LogBlock>()
      .executeTakeFirst();
  }

  topics(): Promise<EventTopicRow[]> {
    return this.#store.db.selectFrom('event_topics').selectAll().orderBy('topic').orderBy('stream').execute();
  }

  /**
   * Takes away whole blocks from the beginning of the log: those published before an instant and those up to a position.
   *
   * @returns how many events went.
   */
  async trim(before: number, position: number, signal?: AbortSignal): Promise<number> {
    const { db } = this.#store;
    for (let total = 0; ; ) {
      const oldest = await db
        .selectFrom('event_blocks')
        .select(['id', 'n', 'position', 'published_at'])
        .where('position', 'is not', null)
        .orderBy('position')
        .limit(CHUNK)
        .execute();
      const gone = oldest.filter((block) => block.published_at < before || block.position! + block.n - 1 <= position);
      if (gone.length > 0) {
        const ids = gone.map((block) => block.id);
        await db.deleteFrom('event_blocks').where('id', 'in', ids).execute();
        total += gone.reduce((sum, block) => sum + block.n, 0);
      }
      if (gone.length < CHUNK || signal?.aborted) return total;
    }
  }

  /** Forgets groups that nobody has read for long, and topics without events for long. */
  async forget(before: number): Promise<void> {
    const { db } = this.#store;
    await db.deleteFrom('event_groups').where('seen_at', '<', before).execute();
    const groups = db.selectFrom('event_groups').select('name');
    await db.deleteFrom('event_claims').where('group_name', 'not in', groups).execute();
    await db.deleteFrom('event_topics').where('last_at', '<', before).execute();
  }

  #log() {
    return this.#store.db
      .selectFrom('event_blocks')
      .select(['id', 'position', 'n', 'stream', 'topic', 'source', 'ms', 'seq', 'events', 'published_at'])
      .where('position', 'is not', null);
  }
}
