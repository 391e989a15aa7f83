import {
  type AppendOrder,
  type EventId,
  formatEventId,
  type NewBlock,
  paramsOf,
  type SequenceOrder,
  type TriggeredRun,
} from '../../event-log.ts';
import type { StatementCache } from '../statement-cache.ts';
import { enqueueRuns } from './enqueue.ts';

const STATE = 'SELECT position, tasks_version FROM event_state WHERE id = 1';
const ADVANCE = 'UPDATE event_state SET position = ? WHERE id = 1';
const NEXT_ID = `INSERT INTO event_streams (stream, ms, seq) VALUES (?1, ?2, ?3 - 1)
  ON CONFLICT (stream) DO UPDATE SET ms = MAX(ms, excluded.ms),
    seq = CASE WHEN excluded.ms > ms THEN excluded.seq ELSE seq + ?3 END
  RETURNING ms, seq`;
const STORE = `INSERT INTO event_blocks (id, position, n, stream, topic, source, chain, ms, seq, events, published_at,
    settled, held_until)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const PLACE = 'UPDATE event_blocks SET position = ?, ms = ?, seq = ?, settled = 1 WHERE id = ?';
const COUNT = `INSERT INTO event_topics (stream, topic, count, last_ms, last_seq, last_at) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (stream, topic) DO UPDATE SET count = count + excluded.count, last_ms = excluded.last_ms,
    last_seq = excluded.last_seq, last_at = excluded.last_at`;
const NOTED = `SELECT id, stream, topic, n, published_at AS publishedAt FROM event_blocks WHERE position IS NULL ORDER BY id`;
const IS_NOTED = `SELECT id, stream, topic, n, published_at AS publishedAt FROM event_blocks WHERE id = ? AND position IS NULL`;
const SETTLE = 'UPDATE event_blocks SET settled = 1 WHERE id = ? AND settled = 0';

type Placed = Pick<NewBlock, 'id' | 'stream' | 'topic' | 'n' | 'publishedAt'>;

/** Stores blocks that are not in the log yet. */
export function noteEvents(statements: StatementCache, blocks: readonly NewBlock[]): void {
  for (const block of blocks) store(statements, block, { position: null, id: null, settled: 0, heldUntil: 0 });
}

export function appendEvents(statements: StatementCache, order: AppendOrder): EventId[] | null {
  const places = new Places(statements);
  if (places.version !== order.version) return null;
  const ids = order.blocks.map((block) => {
    const { position, id } = places.next(block, order.now);
    store(statements, block, { position, id, settled: 1, heldUntil: 0 });
    return id;
  });
  places.keep();
  start(statements, order.runs, new Map(order.blocks.map((block, index) => [block.id, ids[index]!])));
  return ids;
}

export function outboxEvents(statements: StatementCache, order: AppendOrder & { heldUntil: number }): boolean {
  if (new Places(statements).version !== order.version) return false;
  for (const block of order.blocks) {
    store(statements, block, { position: null, id: null, settled: 1, heldUntil: order.heldUntil });
  }
  start(statements, order.runs, null);
  return true;
}

export function sequenceEvents(statements: StatementCache, order: SequenceOrder): number | null {
  const places = new Places(statements);
  if (places.version !== order.version) return null;
  const rows: unknown[] =
    order.blocks === 'all'
      ? statements.get(NOTED).all()
      : order.blocks.map((id) => statements.get(IS_NOTED).get(id)).filter((row) => row !== undefined);
  const noted = rows as Placed[];
  const ids = new Map<string, EventId>();
  for (const block of noted) {
    const { position, id } = places.next(block, order.now);
    statements.get(PLACE).run(position, id.ms, id.seq, block.id);
    ids.set(block.id, id);
  }
  if (noted.length > 0) places.keep();
  start(statements, order.runs, ids);
  return noted.length;
}

export function settleEvents(
  statements: StatementCache,
  order: SequenceOrder & { blocks: readonly string[] },
): boolean {
  if (new Places(statements).version !== order.version) return false;
  const fresh = new Set(order.blocks.filter((id) => statements.get(SETTLE).run(id).changes === 1));
  start(
    statements,
    order.runs.filter((each) => fresh.has(each.block)),
    null,
  );
  return true;
}

/** Gives positions and ids. */
class Places {
  readonly #statements: StatementCache;
  readonly version: number;
  #position: number;

  constructor(statements: StatementCache) {
    this.#statements = statements;
    const state = statements.get(STATE).get() as unknown as { position: number; tasks_version: number };
    this.version = state.tasks_version;
    this.#position = state.position;
  }

  /** The place of the first event of a block. */
  next({ stream, topic, n, publishedAt }: Placed, now: number): { position: number; id: EventId } {
    const position = this.#position + 1;
    this.#position += n;
    const last = this.#statements.get(NEXT_ID).get(stream, now, n) as unknown as EventId;
    this.#statements.get(COUNT).run(stream, topic, n, last.ms, last.seq, publishedAt);
    return { position, id: { ms: last.ms, seq: last.seq - n + 1 } };
  }

  keep(): void {
    this.#statements.get(ADVANCE).run(this.#position);
  }
}

interface Place {
  readonly position: number | null;
  readonly id: EventId | null;
  readonly settled: 0 | 1;
  readonly heldUntil: number;
}

function store(statements: StatementCache, block: NewBlock, { position, id, settled, heldUntil }: Place): void {
  const { stream, topic, source, chain, n, events, publishedAt } = block;
  const { ms = null, seq = null } = id ?? {};
  statements
    .get(STORE)
    .run(block.id, position, n, stream, topic, source, chain, ms, seq, events, publishedAt, settled, heldUntil);
}

/** Stores triggered runs; those of a block that is not among `ids` belong to whoever has put that into the log. */
function start(statements: StatementCache, runs: readonly TriggeredRun[], ids: Map<string, EventId> | null): void {
  const mine = ids === null ? runs : runs.filter((each) => ids.has(each.block));
  if (mine.length === 0) return;
  enqueueRuns(
    statements,
    mine.map((each) => {
      const id = ids?.get(each.block);
      return { ...each.run, params: paramsOf(each, id === undefined ? null : formatEventId(id, each.index)) };
    }),
  );
}
