import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, makeWorkerUtils, run, runMigrations, type WorkerEvents } from 'graphile-worker';
import pg from 'pg';
import { countDown } from '../harness/count-down.ts';
import { chunks, type Drain, type DrainInput, drainOf } from '../harness/drain.ts';
import type { Part } from '../harness/part.ts';
import { onDatabase, settleDatabase } from '../harness/scratch-database.ts';

export interface GraphileInput extends DrainInput {
  readonly url: string;
  readonly concurrency: number;
}

/** Nothing is logged: per-job lines would be what is measured. */
const logger = new Logger(() => () => {});

/**
 * graphile-worker in the preset of the page "Performance" of its documentation: a local queue of 500, completions and failures
 * in batches without a delay, and a pool one larger than the concurrency. The page has concurrency 24, which is tried together
 * with others in the same run; the best is taken. Jobs are put in with `addJobs`. It deletes a job that is done, so it keeps no
 * record; a job counts when it is deleted.
 *
 * Its connections are open already and its time begins when the local queue is there, just before its first fetch: `run` looks
 * for migrations and listens first, which ours and pg-boss have done by then.
 */
const batched = (concurrency: number, events: WorkerEvents) => ({
  worker: {
    concurrentJobs: concurrency,
    maxPoolSize: concurrency + 1,
    localQueue: { size: 500 },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
    logger,
    events,
  },
});

export const runsOfGraphile: Part<GraphileInput, Drain> = {
  source: import.meta.url,
  name: 'runsOfGraphile',
  async run(input) {
    await runMigrations({ connectionString: input.url, logger });
    const pool = new pg.Pool({ connectionString: input.url, max: input.concurrency + 1, idleTimeoutMillis: 0 });
    const tell = (error: Error) => console.error(error);
    pool.on('error', tell).on('connect', (client) => client.on('error', tell));
    await Promise.all(Array.from({ length: input.concurrency + 1 }, () => pool.query('SELECT pg_sleep(0.1)')));
    if (input.warmUp > 0) await drain(pool, { ...input, jobs: input.warmUp });
    const measured = await drain(pool, input);
    await pool.end();
    return measured;
  },
};

const drain = (pgPool: pg.Pool, { url, jobs, concurrency }: GraphileInput): Promise<Drain> =>
  onDatabase(url, async (client) => {
    const utils = await makeWorkerUtils({ pgPool, logger });
    for (const chunk of chunks(jobs)) {
      await utils.addJobs(chunk.map((n) => ({ identifier: 'echo', payload: { n } })));
    }
    await utils.release();
    await settleDatabase(url);
    const counter = countDown(jobs);
    const events: WorkerEvents = new EventEmitter();
    events.on('job:error', ({ error }) => counter.fail(error instanceof Error ? error : new Error(String(error))));
    const began = once(events, 'localQueue:init').then(() => performance.now());
    const runner = await run({
      preset: batched(concurrency, events),
      pgPool,
      noHandleSignals: true,
      parsedCronItems: [],
      taskList: {
        echo: async () => counter.count(),
      },
    });
    await counter.done;
    // The last batch of completions is on its way.
    while (await hasJobs(client)) await sleep(1);
    const measured = drainOf(jobs, await began);
    await runner.stop();
    return measured;
  });

const hasJobs = async (client: pg.Client): Promise<boolean> =>
  (await client.query('SELECT 1 FROM graphile_worker.jobs LIMIT 1')).rows.length > 0;

/**
 * From the call of `addJob` until the task is called, one job at a time on an idle system, in milliseconds. Its defaults, which
 * have no local queue: that one trades latency for throughput. Its `addJob` notifies the worker, so it does not wait for a poll.
 */
export const latencyOfGraphile: Part<{ url: string; samples: number; warmUp: number }, { samples: number[] }> = {
  source: import.meta.url,
  name: 'latencyOfGraphile',
  async run({ url, samples, warmUp }) {
    await runMigrations({ connectionString: url, logger });
    let called: (at: number) => void = () => {};
    const runner = await run({
      connectionString: url,
      concurrency: 24,
      maxPoolSize: 26,
      logger,
      noHandleSignals: true,
      parsedCronItems: [],
      taskList: {
        clock: async () => {
          called(performance.now());
        },
      },
    });
    const taken: number[] = [];
    await onDatabase(url, async (client) => {
      for (let n = -warmUp; n < samples; n++) {
        const { promise, resolve } = Promise.withResolvers<number>();
        called = resolve;
        const askedAt = performance.now();
        await runner.addJob('clock', { n });
        const startedAt = await promise;
        if (n >= 0) taken.push(startedAt - askedAt);
        while (await hasJobs(client)) await sleep(1);
        await sleep(1 + Math.random() * 4);
      }
    });
    await runner.stop();
    return { samples: taken };
  },
};
