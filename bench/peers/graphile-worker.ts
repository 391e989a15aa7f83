import { setTimeout as sleep } from 'node:timers/promises';
import { Logger, makeWorkerUtils, run, runMigrations } from 'graphile-worker';
import type pg from 'pg';
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
 */
const batched = (url: string, concurrency: number) => ({
  worker: {
    connectionString: url,
    concurrentJobs: concurrency,
    maxPoolSize: concurrency + 1,
    localQueue: { size: 500 },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
    logger,
  },
});

export const runsOfGraphile: Part<GraphileInput, Drain> = {
  source: import.meta.url,
  name: 'runsOfGraphile',
  async run(input) {
    await runMigrations({ connectionString: input.url, logger });
    if (input.warmUp > 0) await drain({ ...input, jobs: input.warmUp });
    return drain(input);
  },
};

const drain = ({ url, jobs, concurrency }: GraphileInput): Promise<Drain> =>
  onDatabase(url, async (client) => {
    const utils = await makeWorkerUtils({ connectionString: url, logger });
    for (const chunk of chunks(jobs)) {
      await utils.addJobs(chunk.map((n) => ({ identifier: 'echo', payload: { n } })));
    }
    await utils.release();
    await settleDatabase(url);
    const counter = countDown(jobs);
    const startedAt = performance.now();
    const runner = await run({
      preset: batched(url, concurrency),
      noHandleSignals: true,
      parsedCronItems: [],
      taskList: {
        echo: async (payload) => {
          counter.count();
          return void payload;
        },
      },
    });
    runner.events.on('job:error', ({ error }) =>
      counter.fail(error instanceof Error ? error : new Error(String(error))),
    );
    await counter.done;
    // The last batch of completions is on its way.
    while (await hasJobs(client)) await sleep(1);
    const measured = drainOf(jobs, startedAt);
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
