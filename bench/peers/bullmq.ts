import { Queue, Worker } from 'bullmq';
import { countDown } from '../harness/count-down.ts';
import { chunks, type Drain, type DrainInput, drainOf } from '../harness/drain.ts';
import type { Part } from '../harness/part.ts';

export interface BullmqInput extends DrainInput {
  readonly url: string;
  readonly prefix: string;
  readonly queue: string;
  readonly concurrency: number;
}

/**
 * BullMQ: every job is put in with `addBulk`, and its processor answers what was put in. The completed job is kept with its
 * return value (the default of `removeOnComplete`), as ours keeps the record. The concurrency is the best of several, tried in
 * the same run; everything else is the default: its guides name the concurrency as the setting for the throughput of jobs that
 * do not use the processor, and one worker process stands against one of ours.
 */
export const runsOfBullmq: Part<BullmqInput, Drain> = {
  source: import.meta.url,
  name: 'runsOfBullmq',
  async run(input) {
    if (input.warmUp > 0) await drain({ ...input, queue: `${input.queue}-warm-up`, jobs: input.warmUp });
    return drain(input);
  },
};

async function drain({ url, prefix, queue: name, jobs, concurrency }: BullmqInput): Promise<Drain> {
  const connection = { url, maxRetriesPerRequest: null };
  const queue = new Queue<{ n: number }, { n: number }>(name, { connection, prefix });
  for (const chunk of chunks(jobs)) await queue.addBulk(chunk.map((n) => ({ name: 'echo', data: { n } })));
  const counter = countDown(jobs);
  const worker = new Worker<{ n: number }, { n: number }>(name, async (job) => ({ n: job.data.n }), {
    connection,
    prefix,
    concurrency,
    autorun: false,
  });
  worker.on('completed', () => counter.count());
  worker.on('failed', (_job, error) => counter.fail(error));
  worker.on('error', counter.fail);
  await worker.waitUntilReady();
  const startedAt = performance.now();
  const running = worker.run();
  await counter.done;
  const measured = drainOf(jobs, startedAt);
  const completed = await queue.getCompletedCount();
  if (completed !== jobs) throw new Error(`${completed} of ${jobs} jobs are kept as completed.`);
  await worker.close();
  await running;
  await queue.close();
  return measured;
}
