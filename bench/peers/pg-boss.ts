import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { PgBoss } from 'pg-boss';
import { countDown } from '../harness/count-down.ts';
import { chunks, type Drain, type DrainInput, drainOf } from '../harness/drain.ts';
import type { Part } from '../harness/part.ts';
import { onDatabase, settleDatabase } from '../harness/scratch-database.ts';

export interface PgBossInput extends DrainInput {
  readonly url: string;
  readonly batchSize: number;
  readonly localConcurrency: number;
}

/**
 * pg-boss: jobs are put in with `insert`, and worked off by `work` with batches, which it completes in one statement each, and
 * with `burstWhenBatchFull`, so that it does not wait for its poll while there is more. Batch size and the number of local
 * workers are the best of several, tried in the same run. A completed job is kept, without an output: `perJobResults` would
 * store one, and is slower. Maintenance and cron are off; ours runs without its retention and its scheduler here as well.
 */
export const runsOfPgBoss: Part<PgBossInput, Drain> = {
  source: import.meta.url,
  name: 'runsOfPgBoss',
  run: (input) =>
    onDatabase(input.url, async (client) => {
      const boss = new PgBoss({ connectionString: input.url, supervise: false, schedule: false });
      const failed = Promise.withResolvers<never>();
      boss.on('error', failed.reject);
      await boss.start();
      const drains = async () => {
        if (input.warmUp > 0) await drain(boss, client, { ...input, jobs: input.warmUp }, 'warm-up');
        return drain(boss, client, input, 'measured');
      };
      const measured = await Promise.race([drains(), failed.promise]);
      await boss.stop({ graceful: false });
      return measured;
    }),
};

async function drain(boss: PgBoss, client: pg.Client, input: PgBossInput, queue: string): Promise<Drain> {
  const { url, jobs, batchSize, localConcurrency } = input;
  await boss.createQueue(queue);
  for (const chunk of chunks(jobs))
    await boss.insert(
      queue,
      chunk.map((n) => ({ data: { n } })),
    );
  await settleDatabase(url);
  const counter = countDown(jobs);
  const startedAt = performance.now();
  const options = { batchSize, localConcurrency, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 };
  await boss.work<{ n: number }>(queue, options, async (batch) => {
    counter.count(batch.length);
  });
  await counter.done;
  // The last batches are being completed.
  while ((await jobsLeft(client, queue)) > 0) await sleep(1);
  const measured = drainOf(jobs, startedAt);
  await boss.offWork(queue);
  return measured;
}

async function jobsLeft(client: pg.Client, queue: string): Promise<number> {
  const { rows } = await client.query<{ left: string }>(
    "SELECT count(*) AS left FROM pgboss.job WHERE name = $1 AND state <> 'completed'",
    [queue],
  );
  return Number(rows[0]?.left);
}
