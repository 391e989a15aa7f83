import type { Clock } from '../../kernel/clock.ts';
import type { EventLog, NotedBlock } from '../event-log.ts';
import type { Signals } from '../signals.ts';
import type { SqlValue } from './sql-value.ts';
import type { SqliteThread } from './thread-client.ts';

const COLUMNS = 'id, stream, topic, source, chain, n, events, published_at AS publishedAt, settled';
const NOTED = `SELECT ${COLUMNS} FROM event_blocks WHERE position IS NULL ORDER BY id LIMIT ?`;
const HOLD = `UPDATE event_blocks SET held_until = ?1
  WHERE id IN (SELECT id FROM event_blocks WHERE position IS NULL AND held_until < ?2 ORDER BY id LIMIT ?3)
  RETURNING ${COLUMNS}`;

/** The event log on the storage thread. */
export function sqliteEventLog(thread: SqliteThread, clock: Clock, signals: Signals): EventLog {
  const blocks = async (sql: string, parameters: SqlValue[]): Promise<NotedBlock[]> => {
    const { rows } = await thread.query(sql, parameters);
    return rows.map((row) => ({ ...(row as unknown as NotedBlock), settled: row.settled === 1 }));
  };
  return {
    async append(order) {
      const ids = await thread.command('appendEvents', order);
      if (ids !== null) signals.emit('events');
      if (ids !== null && order.runs.length > 0) signals.emit('runs');
      return ids;
    },
    async appendToOutbox({ holdMs, ...order }) {
      const stored = await thread.command('outboxEvents', { ...order, heldUntil: clock.now() + holdMs });
      if (stored && order.runs.length > 0) signals.emit('runs');
      return stored;
    },
    noted: (limit) => blocks(NOTED, [limit]),
    async sequence(order) {
      const sequenced = await thread.command('sequenceEvents', order);
      if (sequenced !== null && sequenced > 0) signals.emit('events');
      if (sequenced !== null && order.runs.length > 0) signals.emit('runs');
      return sequenced;
    },
    async settleNoted(order) {
      const settled = await thread.command('settleEvents', order);
      if (settled && order.runs.length > 0) signals.emit('runs');
      return settled;
    },
    async hold(limit, holdMs) {
      const now = clock.now();
      const held = await blocks(HOLD, [now + holdMs, now, limit]);
      return held.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    },
    async drop(ids) {
      await thread.query('DELETE FROM event_blocks WHERE id IN (SELECT value FROM json_each(?))', [
        JSON.stringify(ids),
      ]);
    },
  };
}
