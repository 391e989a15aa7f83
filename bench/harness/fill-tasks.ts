import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const PAYLOAD = JSON.stringify({ pipeline: [{ id: 'echo', uses: 'core.echo', with: { greeting: 'hello' } }] });
const DAY_MS = 86_400_000;

/** Opens the database of a data directory nobody else has open, for filling it; nothing is waited for on the disk. */
export function openToFill(directory: string): DatabaseSync {
  const db = new DatabaseSync(join(directory, 'ordinaut.db'));
  db.exec('PRAGMA synchronous = OFF; PRAGMA cache_size = -262144');
  return db;
}

/** Ends the filling: everything is in the file itself and on the disk, as after a while of use. */
export function closeFilled(db: DatabaseSync): void {
  db.exec('PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
}

/** Adds active tasks that fire once a day, their next times spread evenly over the minutes of the day after tomorrow. */
export function fillTasks(db: DatabaseSync, count: number): void {
  const day = (Math.floor(Date.now() / DAY_MS) + 2) * DAY_MS;
  insert(db, {
    count,
    mark: 1,
    expression: "(i % 60) || ' ' || (i / 60 % 24) || ' * * *'",
    next: `${day} + (i % 1440) * 60000`,
  });
}

/** Adds tasks that are all due at one instant, and a year after that again. */
export function fillTasksDueAt(db: DatabaseSync, instant: number, count: number, mark: number): void {
  insert(db, { count, mark, expression: "'0 0 1 1 *'", next: String(instant) });
}

interface Rows {
  readonly count: number;
  /** Sets the ids of one filling apart from those of another. */
  readonly mark: number;
  readonly expression: string;
  readonly next: string;
}

function insert(db: DatabaseSync, { count, mark, expression, next }: Rows): void {
  const numbers = `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${count})`;
  const id = `printf('019a0000-%04x-7000-8000-%012x', ${mark}, i)`;
  const now = Date.now();
  db.exec(`BEGIN;
    INSERT INTO tasks (id, title, status, schedule_kind, schedule_expr, timezone, priority, dedupe_window_seconds,
      misfire_policy, misfire_grace_seconds, revision, next_run_at, created_at, updated_at)
    ${numbers} SELECT ${id}, 'task ' || i, 'active', 'cron', ${expression}, 'UTC', 5, 0, 'run_once', 30, 1, ${next},
      ${now}, ${now} FROM n;
    INSERT INTO task_revisions (task_id, revision, payload, max_retries, backoff_strategy, created_at)
    ${numbers} SELECT ${id}, 1, '${PAYLOAD}', 3, 'exponential_jitter', ${now} FROM n;
    COMMIT`);
}
