import type pg from 'pg';
import {
  type EventId,
  type EventLog,
  formatEventId,
  type NewBlock,
  type NotedBlock,
  paramsOf,
  type TriggeredRun,
} from '../event-log.ts';
import type { Signals } from '../signals.ts';
import { DB_NOW } from './db-now.ts';
import { enqueueRuns } from './enqueue.ts';
import { guarded, inTransaction } from './pool.ts';

// Whoever updates the one row of the state has it until the commit: positions rise in the order of the commits. Everything after it
// in the statement sees the rows as they are then, because it changes them with ON CONFLICT and not by a snapshot.
const STATE = `state AS (
    UPDATE event_state SET position = position + (SELECT COALESCE(sum(n), 0) FROM given) WHERE id = 1 AND tasks_version = $1
    RETURNING position - (SELECT COALESCE(sum(n), 0) FROM given) AS base
  )`;
const PLACES = `placed AS (
    SELECT g.*, base + 1 + sum(n) OVER (ORDER BY ord) - n AS position,
      sum(n) OVER (PARTITION BY stream) AS of_stream, sum(n) OVER (PARTITION BY stream ORDER BY ord) AS upto
    FROM given g, state
  ), moved AS (
    INSERT INTO event_streams AS s (stream, ms, seq)
    SELECT DISTINCT stream, $2::bigint, of_stream - 1 FROM placed ORDER BY stream
    ON CONFLICT (stream) DO UPDATE SET ms = GREATEST(s.ms, excluded.ms),
      seq = CASE WHEN excluded.ms > s.ms THEN excluded.seq ELSE s.seq + excluded.seq + 1 END
    RETURNING stream, ms, seq
  ), named AS (
    SELECT placed.*, moved.ms, moved.seq - of_stream + upto - n + 1 AS seq FROM placed JOIN moved USING (stream)
  ), counted AS (
    INSERT INTO event_topics AS t (stream, topic, count, last_ms, last_seq, last_at)
    SELECT stream, topic, sum(n), max(ms), max(seq + n - 1), max(published_at) FROM named
    GROUP BY stream, topic ORDER BY stream, topic
    ON CONFLICT (stream, topic) DO UPDATE SET count = t.count + excluded.count, last_ms = excluded.last_ms,
      last_seq = excluded.last_seq, last_at = excluded.last_at
  )`;
const GIVEN = `unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::int[], $8::int[], $9::text[], $10::bigint[])
    WITH ORDINALITY AS g (id, stream, topic, source, chain, n, events, published_at, ord)`;
const APPEND = `WITH given AS (SELECT * FROM ${GIVEN}), ${STATE}, ${PLACES}, stored AS (
    INSERT INTO event_blocks (id, position, n, stream, topic, source, chain, ms, seq, events, published_at, settled)
    SELECT id, position, n, stream, topic, source, chain, ms, seq, events, published_at, 1 FROM named
  )
  SELECT ms, seq FROM named ORDER BY ord`;
const OUTBOX = `INSERT INTO event_blocks (id, n, stream, topic, source, chain, events, published_at, settled, held_until)
  SELECT id, n, stream, topic, source, chain, events, published_at, 1, ${DB_NOW} + $1
  FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[], $7::int[], $8::text[], $9::bigint[])
    AS g (id, stream, topic, source, chain, n, events, published_at)`;
const LOCK = 'SELECT tasks_version AS version FROM event_state WHERE id = 1 FOR UPDATE';
const sequence = (which: string) => `WITH given AS (
    SELECT id, stream, topic, n, published_at, row_number() OVER (ORDER BY id) AS ord
    FROM event_blocks WHERE position IS NULL ${which}
  ), ${STATE}, ${PLACES}
  UPDATE event_blocks b SET position = named.position, ms = named.ms, seq = named.seq, settled = 1
  FROM named WHERE b.id = named.id RETURNING b.id, b.ms, b.seq`;
const SEQUENCE_ALL = sequence('');
const SEQUENCE = sequence('AND id = ANY($3::uuid[])');
const COLUMNS = 'id, stream, topic, source, chain, n, events, published_at AS "publishedAt", settled = 1 AS settled';
const NOTED = `SELECT ${COLUMNS} FROM event_blocks WHERE position IS NULL ORDER BY id LIMIT $1`;
const HOLD = `UPDATE event_blocks SET held_until = ${DB_NOW} + $1
  WHERE id IN (SELECT id FROM event_blocks WHERE position IS NULL AND held_until < ${DB_NOW} ORDER BY id LIMIT $2
    FOR UPDATE SKIP LOCKED)
  RETURNING ${COLUMNS}`;
const SETTLE = 'UPDATE event_blocks SET settled = 1 WHERE id = ANY($1) AND settled = 0 RETURNING id';

/** The event log on PostgreSQL, shared by any number of processes. */
export function postgresEventLog(pool: pg.Pool, signals: Signals): EventLog {
  return {
    async append({ blocks, version, runs, now }) {
      const store = async (client: pg.Pool | pg.ClientBase) => {
        const values = [version, now, ...columnsOf(blocks)];
        const { rows } = await client.query<EventId>({ name: 'events-append', text: APPEND, values });
        return rows.length === 0 && blocks.length > 0 ? null : rows;
      };
      const ids =
        runs.length === 0
          ? await guarded(() => store(pool))
          : await inTransaction(pool, async (client) => {
              const stored = await store(client);
              if (stored !== null)
                await start(client, runs, new Map(blocks.map((block, at) => [block.id, stored[at]!])));
              return stored;
            });
      tell(ids !== null, runs);
      return ids;
    },
    async appendToOutbox({ blocks, version, runs, holdMs }) {
      const stored = await inTransaction(pool, async (client) => {
        if ((await lock(client)) !== version) return false;
        await client.query(OUTBOX, [holdMs, ...columnsOf(blocks)]);
        await start(client, runs, null);
        return true;
      });
      if (stored && runs.length > 0) signals.emit('runs');
      return stored;
    },
    noted: (limit) => guarded(async () => (await pool.query<NotedBlock>(NOTED, [limit])).rows),
    async sequence({ blocks, version, runs, now }) {
      const sequenced = await inTransaction(pool, async (client) => {
        // By its own statement, so that the next one sees what others have put into the log while this one waited.
        if ((await lock(client)) !== version) return null;
        const all = blocks === 'all';
        const { rows } = await client.query<EventId & { id: string }>({
          name: all ? 'events-sequence-all' : 'events-sequence',
          text: all ? SEQUENCE_ALL : SEQUENCE,
          values: [version, now, ...(all ? [] : [blocks])],
        });
        await start(client, runs, new Map(rows.map((row) => [row.id, row])));
        return rows.length;
      });
      tell(sequenced !== null && sequenced > 0, runs);
      return sequenced;
    },
    async settleNoted({ blocks, version, runs }) {
      const settled = await inTransaction(pool, async (client) => {
        if ((await lock(client)) !== version) return false;
        const { rows } = await client.query<{ id: string }>(SETTLE, [blocks]);
        const fresh = new Set(rows.map((row) => row.id));
        await start(
          client,
          runs.filter((each) => fresh.has(each.block)),
          null,
        );
        return true;
      });
      if (settled && runs.length > 0) signals.emit('runs');
      return settled;
    },
    hold: (limit, holdMs) =>
      guarded(async () => {
        const { rows } = await pool.query<NotedBlock>(HOLD, [holdMs, limit]);
        return rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));
      }),
    drop: (ids) => guarded(async () => void (await pool.query('DELETE FROM event_blocks WHERE id = ANY($1)', [ids]))),
  };

  function tell(stored: boolean, runs: readonly TriggeredRun[]): void {
    if (!stored) return;
    signals.emit('events');
    if (runs.length > 0) signals.emit('runs');
  }
}

const lock = async (client: pg.ClientBase): Promise<number | undefined> =>
  (await client.query<{ version: number }>(LOCK)).rows[0]?.version;

const columnsOf = (blocks: readonly NewBlock[]): unknown[] => [
  blocks.map((block) => block.id),
  blocks.map((block) => block.stream),
  blocks.map((block) => block.topic),
  blocks.map((block) => block.source),
  blocks.map((block) => block.chain),
  blocks.map((block) => block.n),
  blocks.map((block) => block.events),
  blocks.map((block) => block.publishedAt),
];

/** Stores triggered runs; those of a block that is not among `ids` belong to whoever has put that into the log. */
async function start(
  client: pg.ClientBase,
  runs: readonly TriggeredRun[],
  ids: ReadonlyMap<string, EventId> | null,
): Promise<void> {
  const mine = ids === null ? runs : runs.filter((each) => ids.has(each.block));
  if (mine.length === 0) return;
  await enqueueRuns(
    client,
    mine.map((each) => {
      const id = ids?.get(each.block);
      return { ...each.run, params: paramsOf(each, id === undefined ? null : formatEventId(id, each.index)) };
    }),
  );
}
