import type { AlertListQuery, Page, Topic } from '@ordinaut/contract';
import { type Kysely, sql, type Transaction } from 'kysely';
import { inWindow, keysetPage } from '../storage/keyset-page.ts';
import { notedRow } from '../storage/run-events.ts';
import type { Store } from '../storage/store.ts';
import type { AlertRow, EventBlockRow, Tables } from '../storage/tables.ts';
import { alertEvent } from './alert-event.ts';

/** An alert to be stored. */
export interface NewAlert {
  readonly row: AlertRow;
  /** Runs started by events that led to it. */
  readonly chain: number;
}

/** What became of it. */
export interface StoredAlert {
  /** The alert right after this submission. */
  readonly alert: AlertRow;
  /** Whether it is new; otherwise it was open already. */
  readonly created: boolean;
  /** Whether it was submitted before under the same key: then this is what became of it at that time, and nothing was done. */
  readonly repeated: boolean;
}

interface Change {
  readonly topic: Extract<Topic, `alert.${string}`>;
  readonly alert: AlertRow;
  readonly chain: number;
}

/** Characters of events that are one row. */
const BLOCK = 1_000_000;
const ATTEMPTS = 3;
/** By value and not as a parameter: so the databases know the index `alerts_open` by it. */
const open = sql<boolean>`status NOT IN ('resolved', 'false_positive')`;

/** The SQL of alerts. Every change notes its event in its own transaction. */
export class AlertRepository {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  find(id: string): Promise<AlertRow | undefined> {
    return this.#store.db.selectFrom('alerts').selectAll().where('id', '=', id).executeTakeFirst();
  }

  list(query: AlertListQuery): Promise<Page<AlertRow>> {
    const { severity, status, source, since, q } = query;
    const { db } = this.#store;
    const rows = () => {
      let found = db.selectFrom('alerts');
      if (severity !== undefined) found = found.where('severity', '=', severity);
      if (status !== undefined) found = found.where('status', '=', status);
      if (source !== undefined) found = found.where('source', '=', source);
      if (since !== undefined) found = found.where('last_seen', '>=', Date.parse(since));
      if (q !== undefined) {
        const part = `%${q.replace(/[\\%_]/g, '\\$&')}%`;
        found = found.where(
          // Both sides by the same function: that of SQLite knows the letters of ASCII alone.
          sql<boolean>`(lower(title) LIKE lower(${part}) ESCAPE '\\' OR lower(coalesce(description, '')) LIKE lower(${part}) ESCAPE '\\')`,
        );
      }
      return found;
    };
    return keysetPage(query, {
      db,
      count: (limit) => rows().select('id').limit(limit),
      page: (window) => inWindow(rows().selectAll(), window),
    });
  }

  /** Stores alerts, or counts them as occurrences of those that are open; answers in the same order. */
  async submit(alerts: readonly NewAlert[]): Promise<StoredAlert[]> {
    const stored = await this.#store.db.transaction().execute((tx) => submit(tx, alerts));
    this.#store.signals.emit('noted');
    return stored;
  }

  /** The same for one that is submitted under a key: the second time nothing is done, and the first outcome is told. */
  async submitOnce(key: string, alert: NewAlert): Promise<StoredAlert> {
    const stored = await this.#store.db.transaction().execute(async (tx) => {
      const fresh = await tx
        .insertInto('alert_submissions')
        .values({ key, alert_id: null, created: 0, submitted_at: alert.row.created_at })
        .onConflict((conflict) => conflict.column('key').doNothing())
        .returning('key')
        .executeTakeFirst();
      const of = tx.selectFrom('alert_submissions').innerJoin('alerts', 'alerts.id', 'alert_submissions.alert_id');
      if (fresh === undefined) {
        const known = await of.selectAll('alerts').select('created').where('key', '=', key).executeTakeFirstOrThrow();
        const { created, ...row } = known;
        return { alert: row, created: created === 1, repeated: true };
      }
      const [first] = await submit(tx, [alert]);
      await tx
        .updateTable('alert_submissions')
        .set({ alert_id: first!.alert.id, created: first!.created ? 1 : 0 })
        .where('key', '=', key)
        .execute();
      return first!;
    });
    this.#store.signals.emit('noted');
    return stored;
  }

  /**
   * Changes an alert under its lock: `change` sees it, and the open one with the same hash, and answers what to write; null leaves it. It
   * may throw.
   *
   * @returns the alert as it then is; undefined where there is none.
   */
  async change(
    id: string,
    change: (alert: AlertRow, openOne: AlertRow | undefined) => Partial<AlertRow> | null,
  ): Promise<AlertRow | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const changed = await this.#change(id, change);
        this.#store.signals.emit('noted');
        return changed;
      } catch (error) {
        // Another process has opened one with the same hash at this moment: now it is seen.
        if (!isUniqueViolation(error) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  #change(
    id: string,
    change: (alert: AlertRow, openOne: AlertRow | undefined) => Partial<AlertRow> | null,
  ): Promise<AlertRow | undefined> {
    return this.#store.db.transaction().execute(async (tx) => {
      let query = tx.selectFrom('alerts').selectAll().where('id', '=', id);
      if (this.#store.kind === 'postgres') query = query.forUpdate();
      const alert = await query.executeTakeFirst();
      if (alert === undefined) return undefined;
      const sameHash = tx.selectFrom('alerts').selectAll().where('dedup_hash', '=', alert.dedup_hash).where(open);
      const fields = change(alert, await sameHash.executeTakeFirst());
      if (fields === null) return alert;
      await tx.updateTable('alerts').set(fields).where('id', '=', id).execute();
      const written = { ...alert, ...fields };
      await note(tx, [{ topic: 'alert.updated', alert: written, chain: 0 }]);
      return written;
    });
  }
}

/**
 * One statement for all of them, however many processes submit the same at this moment: what is open already is counted by the row that
 * is there, and an id that comes back as it was given is that of a new alert.
 */
async function submit(tx: Transaction<Tables>, alerts: readonly NewAlert[]): Promise<StoredAlert[]> {
  const groups = Map.groupBy(alerts, ({ row }) => row.dedup_hash);
  // A statement cannot touch a row twice, and locks in one order for all, so that no two wait for each other.
  const rows = [...groups.values()]
    .map((group) => ({ ...group[0]!.row, occurrences: group.length, last_seen: group.at(-1)!.row.last_seen }))
    .sort((a, b) => (a.dedup_hash < b.dedup_hash ? -1 : 1));
  const later = (column: 'last_seen' | 'updated_at') =>
    sql<number>`CASE WHEN excluded.${sql.ref(column)} > alerts.${sql.ref(column)} THEN excluded.${sql.ref(column)} ELSE alerts.${sql.ref(column)} END`;
  const stored = await tx
    .insertInto('alerts')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .column('dedup_hash')
        .where(open)
        .doUpdateSet({
          occurrences: sql<number>`alerts.occurrences + excluded.occurrences`,
          last_seen: later('last_seen'),
          updated_at: later('updated_at'),
        }),
    )
    .returningAll()
    .execute();
  const byHash = new Map(stored.map((row) => [row.dedup_hash, row]));
  const seen = new Map<string, number>();
  const results = alerts.map(({ row: { dedup_hash } }): StoredAlert => {
    const now = byHash.get(dedup_hash)!;
    const group = groups.get(dedup_hash)!;
    const nth = seen.get(dedup_hash) ?? 0;
    seen.set(dedup_hash, nth + 1);
    const created = nth === 0 && now.id === group[0]!.row.id;
    return { alert: { ...now, occurrences: now.occurrences - group.length + nth + 1 }, created, repeated: false };
  });
  await note(
    tx,
    results.map(({ alert, created }, at) => ({
      topic: created ? 'alert.created' : 'alert.deduplicated',
      alert,
      chain: alerts[at]!.chain,
    })),
  );
  return results;
}

/** Notes what has become of alerts: one row for the events of one topic and chain, as far as they are not too long for it. */
async function note(tx: Transaction<Tables> | Kysely<Tables>, changes: readonly Change[]): Promise<void> {
  const rows: EventBlockRow[] = [];
  const kinds = Map.groupBy(changes, ({ topic, chain }) => `${topic} ${chain}`);
  for (const kind of kinds.values()) {
    const { topic, chain } = kind[0]!;
    let events: string[] = [];
    let size = 0;
    const close = () => {
      if (events.length > 0) rows.push(notedRow(topic, events, kind[0]!.alert.updated_at, chain));
      events = [];
      size = 0;
    };
    for (const { alert } of kind) {
      const event = alertEvent(alert, changes.length);
      if (size + event.length > BLOCK) close();
      events.push(event);
      size += event.length;
    }
    close();
  }
  await tx.insertInto('event_blocks').values(rows).execute();
}

/** Of PostgreSQL; on SQLite nobody writes beside a transaction. */
const isUniqueViolation = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '23505';
