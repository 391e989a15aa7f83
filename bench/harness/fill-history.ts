import type { DatabaseSync } from 'node:sqlite';
import type pg from 'pg';

/** Tasks and days are the same for every size of the history, so that the statistics have as many rows. */
const TASKS = 20;
const DAYS = 10;
const DAY_MS = 86_400_000;
const PAYLOAD = JSON.stringify({ pipeline: [{ id: 'echo', uses: 'core.echo', with: {} }] });
const STEPS = JSON.stringify([
  {
    id: 'echo',
    uses: 'core.echo',
    status: 'succeeded',
    attempt: 1,
    started_at: '2026-01-01T00:00:00.000Z',
    finished_at: '2026-01-01T00:00:00.005Z',
    input: {},
    output: {},
    error: null,
  },
]);
const ERROR = JSON.stringify({ code: 'tool_failed', message: 'It failed.', step_id: 'echo' });

/** How the two dialects say the same. */
interface Dialect {
  /** The numbers from 0 as `n (i)`, in front of a SELECT. */
  numbers(count: number): string;
  /** A UUIDv7 of an instant, and of a number that sets those of one instant apart. */
  uuid(ms: string, number: string): string;
}

const sqlite: Dialect = {
  numbers: (count) => `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${count})`,
  uuid: (ms, number) => `printf('%08x-%04x-7000-8000-%012x', (${ms}) >> 16, (${ms}) & 65535, ${number})`,
};
const hex = (value: string, digits: number) => `lpad(to_hex(${value}), ${digits}, '0')`;
const postgres: Dialect = {
  numbers: (count) => `WITH n (i) AS (SELECT * FROM generate_series(0::bigint, ${count - 1}))`,
  uuid: (ms, number) =>
    `(${hex(`(${ms}) >> 16`, 8)} || '-' || ${hex(`(${ms}) & 65535`, 4)} || '-7000-8000-' || ${hex(number, 12)})::uuid`,
};

/** The id of a task of the filling, from 0. */
export const filledTaskId = (index: number): string =>
  `019a0000-0000-7000-8000-${index.toString(16).padStart(12, '0')}`;

/**
 * Tasks and finished runs of them over the last ten days, by the order of their ids as they come about: 2 of 100 failed, 1 of 100
 * canceled. The statistics are counted from them.
 */
function statements({ numbers, uuid }: Dialect, runs: number): string[] {
  const now = Date.now();
  const begin = (Math.floor(now / DAY_MS) - DAYS + 1) * DAY_MS;
  // The number of the run is multiplied first: whole numbers on both dialects.
  const at = `(${begin} + i * ${now - begin} / ${runs})`;
  const task = uuid(String(0x019a00000000), `i % ${TASKS}`);
  const status = "CASE WHEN i % 50 = 7 THEN 'failed' WHEN i % 100 = 3 THEN 'canceled' ELSE 'succeeded' END";
  const counted = (wanted: string) => `sum(CASE WHEN status = '${wanted}' THEN 1 ELSE 0 END)`;
  const newest = (wanted: string) => `max(CASE WHEN status = '${wanted}' THEN finished_at END)`;
  return [
    `INSERT INTO tasks (id, title, status, schedule_kind, event_topic, timezone, priority, dedupe_window_seconds,
       misfire_policy, misfire_grace_seconds, revision, created_at, updated_at)
     ${numbers(TASKS)} SELECT ${task}, 'task ' || i, 'active', 'event', 'bench.never', 'UTC', 5, 0, 'run_once', 30, 1,
       ${begin}, ${begin} FROM n`,
    `INSERT INTO task_revisions (task_id, revision, payload, max_retries, backoff_strategy, created_at)
     ${numbers(TASKS)} SELECT ${task}, 1, '${PAYLOAD}', 3, 'exponential_jitter', ${begin} FROM n`,
    `INSERT INTO run_history (id, task_id, revision, status, trigger, priority, attempt, lease_owner, error, output, steps,
       created_at, started_at, finished_at)
     ${numbers(runs)} SELECT ${uuid(at, 'i')}, ${task}, 1, ${status}, 'manual', 5, 1, 'bench',
       CASE WHEN i % 50 = 7 THEN '${ERROR}' END, '{}', '${STEPS}', ${at}, ${at} + 1, ${at} + 6 FROM n`,
    `INSERT INTO run_stats (task_id, day, succeeded, failed, canceled, duration_ms, last_success_at, last_failure_at,
       last_run_at)
     SELECT task_id, finished_at / ${DAY_MS}, ${counted('succeeded')}, ${counted('failed')}, ${counted('canceled')},
       sum(finished_at - started_at), ${newest('succeeded')}, ${newest('failed')}, max(finished_at)
     FROM run_history GROUP BY task_id, finished_at / ${DAY_MS}`,
  ];
}

export function fillSqliteHistory(db: DatabaseSync, runs: number): void {
  for (const statement of ['BEGIN', ...statements(sqlite, runs), 'COMMIT']) db.exec(statement);
}

export async function fillPostgresHistory(client: pg.Client, runs: number): Promise<void> {
  for (const statement of ['BEGIN', ...statements(postgres, runs), 'COMMIT']) await client.query(statement);
}
