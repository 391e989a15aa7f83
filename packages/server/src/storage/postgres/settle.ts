import { finalRunStatuses } from '@ordinaut/contract';
import type pg from 'pg';
import { toIso } from '../../kernel/clock.ts';
import { newId } from '../../kernel/ids.ts';
import { pendingRow } from '../approval-row.ts';
import { runEvent } from '../run-events.ts';
import type { Settlement } from '../run-queue.ts';
import { askFor } from './approvals.ts';
import { checkpointSteps } from './checkpoint.ts';
import { guarded, inTransaction } from './pool.ts';
import { NOTE, runEventSql } from './run-event-sql.ts';

type Finish = Extract<Settlement, { kind: 'finish' }>;
type Ending = Pick<
  Finish,
  'runId' | 'fence' | 'status' | 'finishedAt' | 'error' | 'output' | 'steps' | 'taskId' | 'chain'
>;

// The whole end of a batch is one statement: out of the queue, into the history, counted. `ORDER BY` in the count makes
// every process lock the rows of the statistics in one order. What is JSON already comes as one JSON list: as an array of texts
// each quote of it would be escaped and unescaped, which took a tenth of the worker's time. The events come ready, too; they are put together
// here only where a run of the batch was no longer its worker's.
export const FINISH = `WITH given AS (
    SELECT id, fence, status, finished_at, NULLIF(error::text, 'null') AS error, NULLIF(output::text, 'null') AS output,
      steps::text
    FROM ROWS FROM (
      unnest($1::uuid[]), unnest($2::int[]), unnest($3::text[]), unnest($4::bigint[]),
      json_array_elements($5::json), json_array_elements($6::json), json_array_elements($7::json)
    ) AS given (id, fence, status, finished_at, error, output, steps)
  ), removed AS (
    DELETE FROM runs r USING given WHERE r.id = given.id AND r.fence = given.fence
    RETURNING r.id, r.task_id, r.revision, given.status, r.trigger, r.nominal_at, r.priority, r.attempt, r.params,
      r.concurrency_key, r.retry_of, r.lease_owner, given.error, given.output, given.steps, r.created_at, r.started_at,
      given.finished_at, r.steps_done, r.fence, r.chain
  ), recorded AS (
    INSERT INTO run_history (id, task_id, revision, status, trigger, nominal_at, priority, attempt, params,
      concurrency_key, retry_of, lease_owner, error, output, steps, created_at, started_at, finished_at)
    SELECT id, task_id, revision, status, trigger, nominal_at, priority, attempt, params, concurrency_key, retry_of,
      lease_owner, error, output, steps, created_at, started_at, finished_at
    FROM removed
  ), dropped AS (
    DELETE FROM run_checkpoints c USING removed WHERE c.run_id = removed.id AND removed.steps_done > 0
  ), noted AS (
    INSERT INTO event_blocks (id, n, stream, topic, source, events, published_at)
    SELECT told.id, ended.n, 'core', 'run.' || told.status, 'core',
      CASE WHEN ended.n = told.n THEN told.events
        ELSE (SELECT '[' || string_agg(${runEventSql('r')}, ',') || ']' FROM removed r WHERE r.status = told.status) END,
      ended.at
    FROM (VALUES (($8::uuid[])[1], 'succeeded', $9::int, $10), (($8::uuid[])[2], 'failed', $11::int, $12),
        (($8::uuid[])[3], 'canceled', $13::int, $14)) AS told (id, status, n, events)
      CROSS JOIN LATERAL (
        SELECT count(*) AS n, max(finished_at) AS at FROM removed r WHERE r.status = told.status
      ) AS ended
    WHERE ended.n > 0
  ), counted AS (
    INSERT INTO run_stats AS s (task_id, day, succeeded, failed, canceled, duration_ms, last_success_at,
      last_failure_at, last_run_at)
    SELECT task_id, finished_at / 86400000 AS day, count(*) FILTER (WHERE status = 'succeeded'),
      count(*) FILTER (WHERE status = 'failed'), count(*) FILTER (WHERE status = 'canceled'),
      COALESCE(sum(GREATEST(0, finished_at - started_at)) FILTER (WHERE status <> 'canceled'), 0),
      max(finished_at) FILTER (WHERE status = 'succeeded'), max(finished_at) FILTER (WHERE status = 'failed'),
      max(finished_at)
    FROM removed GROUP BY task_id, day ORDER BY task_id, day
    ON CONFLICT (task_id, day) DO UPDATE SET
      succeeded = s.succeeded + excluded.succeeded, failed = s.failed + excluded.failed,
      canceled = s.canceled + excluded.canceled, duration_ms = s.duration_ms + excluded.duration_ms,
      last_success_at = GREATEST(s.last_success_at, excluded.last_success_at),
      last_failure_at = GREATEST(s.last_failure_at, excluded.last_failure_at),
      last_run_at = GREATEST(s.last_run_at, excluded.last_run_at)
  )
  SELECT id, fence FROM removed`;
export const LOCK_KEYS = 'SELECT key FROM concurrency_locks WHERE key = ANY($1) ORDER BY key FOR UPDATE';
const NEXT_IN_LINE = `UPDATE runs SET blocked = 0, ready = 1
  WHERE id = (SELECT id FROM runs WHERE concurrency_key = $1 AND blocked = 1 ORDER BY priority, id LIMIT 1)
  RETURNING id`;
const PASS_LOCK = 'UPDATE concurrency_locks SET run_id = $2 WHERE key = $1';
const FREE_LOCK = 'DELETE FROM concurrency_locks WHERE key = $1';
const FREE = 'lease_id = NULL, lease_owner = NULL, fence = fence + 1';
const OF_CLAIM = "WHERE id = $1 AND fence = $2 AND status = 'running'";
// Whom somebody wants to end does not wait: the next claim ends it.
const WAIT = 'wake_at = CASE WHEN cancel_requested = 1 THEN NULL ELSE $3::bigint END, ready = cancel_requested';
const WAITS = 'RETURNING task_id, attempt, chain, ready';
const RETRY = `UPDATE runs SET status = 'queued', ${WAIT}, error = $4, begins_attempt = 1, ${FREE} ${OF_CLAIM} ${WAITS}`;
const PARK = `UPDATE runs SET status = CASE WHEN cancel_requested = 1 THEN 'queued' ELSE 'waiting' END, ${WAIT}, ${FREE}
  ${OF_CLAIM} ${WAITS}`;
const RELEASE = `UPDATE runs SET status = 'queued', ready = 1, ${FREE} ${OF_CLAIM}`;

export async function settleRuns(pool: pg.Pool, items: readonly Settlement[]): Promise<boolean[]> {
  const ends = items.filter((item): item is Finish => item.kind === 'finish');
  const plain = ends.filter((item) => item.concurrencyKey === null);
  const keyed = ends.filter((item) => item.concurrencyKey !== null);
  const settled = new Set<Settlement>();
  if (plain.length > 0) for (const item of await finish(pool, plain)) settled.add(item);
  if (keyed.length > 0) for (const item of await finishKeyed(pool, keyed)) settled.add(item);
  for (const item of items) {
    if (item.kind !== 'finish' && (await putBack(pool, item))) settled.add(item);
  }
  return items.map((item) => settled.has(item));
}

/** Values of `FINISH`. The arrays are written here because nothing in them can need an escape. */
export function finishValues(items: readonly Ending[]): (string | number)[] {
  const array = (value: (item: Ending) => string | number) => `{${items.map(value).join(',')}}`;
  const list = (value: (item: Ending) => string | null) => `[${items.map((item) => value(item) ?? 'null').join(',')}]`;
  return [
    array((item) => item.runId),
    array((item) => item.fence),
    array((item) => item.status),
    array((item) => item.finishedAt),
    list((item) => item.error),
    list((item) => item.output),
    list((item) => item.steps),
    `{${newId()},${newId()},${newId()}}`,
    ...finalRunStatuses.flatMap((status) => {
      const events = items
        .filter((item) => item.status === status)
        .map((item) => runEvent(item.runId, item.taskId, item.chain ?? 0));
      return [events.length, `[${events.join(',')}]`];
    }),
  ];
}

/** Answers the items that were the end of their run. */
async function finish(client: pg.Pool | pg.ClientBase, items: readonly Finish[]): Promise<Finish[]> {
  const { rows } = await client.query<{ id: string; fence: number }>({
    name: 'runs-finish',
    text: FINISH,
    values: finishValues(items),
  });
  const fences = new Map(rows.map((row) => [row.id, row.fence]));
  return items.filter((item) => fences.get(item.runId) === item.fence);
}

function finishKeyed(pool: pg.Pool, items: readonly Finish[]): Promise<Finish[]> {
  const keys = [...new Set(items.map((item) => item.concurrencyKey!))].toSorted();
  return inTransaction(pool, async (client) => {
    await client.query(LOCK_KEYS, [keys]);
    const finished = await finish(client, items);
    const freed = new Set(finished.map((item) => item.concurrencyKey!));
    for (const key of keys) if (freed.has(key)) await passKeyOn(client, key);
    return finished;
  });
}

/** Gives a concurrency key to the next run in line. The caller holds the row of the key. */
export async function passKeyOn(client: pg.ClientBase, key: string): Promise<void> {
  const { rows } = await client.query<{ id: string }>(NEXT_IN_LINE, [key]);
  if (rows[0] === undefined) await client.query(FREE_LOCK, [key]);
  else await client.query(PASS_LOCK, [key, rows[0].id]);
}

interface Waiting {
  readonly task_id: string;
  readonly attempt: number;
  readonly chain: number;
  /** 1: somebody wants to end it, so it does not wait. */
  readonly ready: number;
}

function putBack(pool: pg.Pool, item: Exclude<Settlement, Finish>): Promise<boolean> {
  const { runId, fence } = item;
  switch (item.kind) {
    case 'release':
      return guarded(async () => (await pool.query(RELEASE, [runId, fence])).rowCount === 1);
    case 'retry':
      return inTransaction(pool, async (client) => {
        const [put] = (await client.query<Waiting>(RETRY, [runId, fence, item.wakeAt, item.error])).rows;
        if (put?.ready === 0) {
          const more = `,"attempt":${put.attempt},"wake_at":"${toIso(item.wakeAt)}"`;
          await note(client, 'run.retrying', runEvent(runId, put.task_id, put.chain, more));
        }
        return put !== undefined;
      });
    case 'park':
      return inTransaction(pool, async (client) => {
        if (!(await checkpointSteps(client, [item]))[0]) return false;
        const [put] = (await client.query<Waiting>(PARK, [runId, fence, item.wakeAt])).rows;
        if (put?.ready === 0) {
          const more = `,"wake_at":"${toIso(item.wakeAt)}"`;
          await note(client, 'run.waiting', runEvent(runId, put.task_id, put.chain, more));
          if (item.asks) await askFor(client, pendingRow(item.asks, { runId, ...put }));
        }
        return put !== undefined;
      });
  }
}

const note = (client: pg.ClientBase, topic: string, event: string) =>
  client.query(NOTE, [newId(), topic, `[${event}]`, 1, Date.now()]);
