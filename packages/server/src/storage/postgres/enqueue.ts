import type pg from 'pg';
import type { Enqueued, NewRun } from '../run-queue.ts';

const INSERT = `INSERT INTO runs (id, task_id, revision, status, trigger, nominal_at, priority, params, concurrency_key,
    retry_of, ready, blocked, steps_done, created_at, chain)
  SELECT id, task_id, revision, 'queued', trigger, nominal_at, priority, params, concurrency_key, retry_of, ready,
    1 - ready, steps_done, created_at, chain
  FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::bigint[], $6::smallint[], $7::text[], $8::text[],
    $9::uuid[], $10::smallint[], $11::int[], $12::bigint[], $13::int[])
    AS new (id, task_id, revision, trigger, nominal_at, priority, params, concurrency_key, retry_of, ready, steps_done,
      created_at, chain)`;
const OPEN_WINDOW = `INSERT INTO dedupe_windows AS w (key, run_id, expires_at) VALUES ($1, $2, $3)
  ON CONFLICT (key) DO UPDATE SET run_id = excluded.run_id, expires_at = excluded.expires_at WHERE w.expires_at <= $4
  RETURNING run_id`;
const READ_WINDOW = 'SELECT run_id FROM dedupe_windows WHERE key = $1';
// The update that changes nothing locks the row: so this waits for whoever is passing the key on.
const TAKE_LOCK = `INSERT INTO concurrency_locks AS l (key, run_id) VALUES ($1, $2)
  ON CONFLICT (key) DO UPDATE SET run_id = l.run_id RETURNING run_id`;
const SAME_NOMINAL = `SELECT given.id AS wanted, runs.id FROM unnest($1::uuid[], $2::uuid[], $3::bigint[]) AS given (id, task_id, at)
  JOIN runs ON runs.task_id = given.task_id AND runs.nominal_at = given.at AND runs.trigger = 'schedule'`;
const INSERT_CHECKPOINTS = `INSERT INTO run_checkpoints (run_id, seq, step)
  SELECT $1, ordinality - 1, step FROM unnest($2::text[]) WITH ORDINALITY AS given (step, ordinality)`;

/** Whether storing this run takes more than one statement. */
export const needsTransaction = (run: NewRun): boolean =>
  run.dedupe !== null || run.concurrencyKey !== null || run.checkpoints.length > 0;

/** Stores runs. With any run that needs a transaction, `client` has to be in one. */
export async function enqueueRuns(client: pg.Pool | pg.ClientBase, runs: readonly NewRun[]): Promise<Enqueued[]> {
  const answers = new Map<string, Enqueued>();
  const blocked = new Set<string>();
  for (const { wanted, id } of await sameNominal(client, runs)) answers.set(wanted, { id, deduplicated: true });
  // Keys in one order everywhere, so that two transactions never wait for each other.
  for (const run of runs.toSorted((a, b) => compare(a.dedupe?.key, b.dedupe?.key))) {
    if (!answers.has(run.id)) answers.set(run.id, await openWindow(client, run));
  }
  const fresh = runs.filter((run) => !answers.get(run.id)?.deduplicated);
  for (const run of fresh.toSorted((a, b) => compare(a.concurrencyKey, b.concurrencyKey))) {
    if (run.concurrencyKey === null) continue;
    const { rows } = await client.query<{ run_id: string }>(TAKE_LOCK, [run.concurrencyKey, run.id]);
    if (rows[0]?.run_id !== run.id) blocked.add(run.id);
  }
  if (fresh.length > 0) await insert(client, fresh, blocked);
  for (const run of fresh) {
    if (run.checkpoints.length > 0) await client.query(INSERT_CHECKPOINTS, [run.id, run.checkpoints]);
  }
  return runs.map((run) => answers.get(run.id)!);
}

/** Live runs that stand for a fire time already: the clock went back, or the task was given the same time again. */
async function sameNominal(client: pg.Pool | pg.ClientBase, runs: readonly NewRun[]) {
  const scheduled = runs.filter((run) => run.trigger === 'schedule');
  if (scheduled.length === 0) return [];
  const { rows } = await client.query<{ wanted: string; id: string }>(SAME_NOMINAL, [
    scheduled.map((run) => run.id),
    scheduled.map((run) => run.taskId),
    scheduled.map((run) => run.nominalAt),
  ]);
  return rows;
}

async function openWindow(client: pg.Pool | pg.ClientBase, run: NewRun): Promise<Enqueued> {
  if (run.dedupe === null) return { id: run.id, deduplicated: false };
  const { key, windowMs } = run.dedupe;
  const opened = await client.query(OPEN_WINDOW, [key, run.id, run.createdAt + windowMs, run.createdAt]);
  if (opened.rows.length > 0) return { id: run.id, deduplicated: false };
  const { rows } = await client.query<{ run_id: string }>(READ_WINDOW, [key]);
  return { id: rows[0]!.run_id, deduplicated: true };
}

function insert(client: pg.Pool | pg.ClientBase, runs: readonly NewRun[], blocked: ReadonlySet<string>) {
  return client.query({
    name: 'runs-enqueue',
    text: INSERT,
    values: [
      runs.map((run) => run.id),
      runs.map((run) => run.taskId),
      runs.map((run) => run.revision),
      runs.map((run) => run.trigger),
      runs.map((run) => run.nominalAt),
      runs.map((run) => run.priority),
      runs.map((run) => run.params),
      runs.map((run) => run.concurrencyKey),
      runs.map((run) => run.retryOf),
      runs.map((run) => (blocked.has(run.id) ? 0 : 1)),
      runs.map((run) => run.checkpoints.length),
      runs.map((run) => run.createdAt),
      runs.map((run) => run.chain ?? 0),
    ],
  });
}

const compare = (a: string | null | undefined, b: string | null | undefined): number =>
  (a ?? '') < (b ?? '') ? -1 : (a ?? '') > (b ?? '') ? 1 : 0;
