import type pg from 'pg';
import type { Checkpoint } from '../run-queue.ts';

const CHECKPOINT = `WITH given AS (
    SELECT * FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[]) AS given (run_id, fence, seq, step)
  ), counted AS (
    UPDATE runs r SET steps_done = GREATEST(r.steps_done, given.seq + 1) FROM given
    WHERE r.id = given.run_id AND r.fence = given.fence AND r.status = 'running'
    RETURNING r.id
  ), stored AS (
    INSERT INTO run_checkpoints (run_id, seq, step)
    SELECT given.run_id, given.seq, given.step FROM given JOIN counted ON counted.id = given.run_id
    ON CONFLICT (run_id, seq) DO UPDATE SET step = excluded.step
  )
  SELECT id FROM counted`;

/** Stores finished steps, at most one for each run. Answers which runs still belong to the caller. */
export async function checkpointSteps(
  client: pg.Pool | pg.ClientBase,
  items: readonly Checkpoint[],
): Promise<boolean[]> {
  const { rows } = await client.query<{ id: string }>({
    name: 'runs-checkpoint',
    text: CHECKPOINT,
    values: [
      items.map((item) => item.runId),
      items.map((item) => item.fence),
      items.map((item) => item.seq),
      items.map((item) => item.step),
    ],
  });
  const stored = new Set(rows.map((row) => row.id));
  return items.map((item) => stored.has(item.runId));
}
