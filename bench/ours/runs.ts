import { orderedRun } from '../../packages/server/src/tasks/request-run.ts';
import { countDown } from '../harness/count-down.ts';
import { chunks, type Drain, type DrainInput, drainOf } from '../harness/drain.ts';
import { type Engine, openEngine, type Place } from '../harness/engine.ts';
import { type LoopDelay, watchEventLoop } from '../harness/loop-delay.ts';
import type { Part } from '../harness/part.ts';
import { settleDatabase } from '../harness/scratch-database.ts';

/**
 * Ours: every job is a run of a task with one step, `core.echo` with `{ n: '${params.n}' }`. It is put in by the call the API's
 * services use, claimed under a lease, its template rendered, its input checked, its tool called, and its end committed: out of
 * the queue, into the history with its output and the record of its step, counted in the statistics. As shipped: concurrency 32.
 */
export const runsOfOurs: Part<DrainInput & { place: Place }, Drain & { loopDelay: LoopDelay }> = {
  source: import.meta.url,
  name: 'runsOfOurs',
  async run({ place, jobs, warmUp }) {
    const engine = await openEngine(place);
    const task = await engine.tasks.create(
      {
        title: 'bench',
        schedule_kind: 'event',
        event_topic: 'bench.never',
        payload: { pipeline: [{ id: 'echo', uses: 'core.echo', with: { n: '${params.n}' } }] },
      },
      { principal: null, scopes: null },
    );
    if (warmUp > 0) await drain(engine, task, warmUp, null);
    const measured = await drain(engine, task, jobs, place);
    await checkRecords(engine, jobs + warmUp);
    await engine.close();
    return measured;
  },
};

type Task = Awaited<ReturnType<Engine['tasks']['create']>>;

async function drain(engine: Engine, task: Task, jobs: number, settle: Place | null) {
  for (const chunk of chunks(jobs)) {
    const now = Date.now();
    await engine.store.queue.enqueue(chunk.map((n) => orderedRun(task, { trigger: 'manual', params: { n }, now })));
  }
  if (settle !== null && 'databaseUrl' in settle) await settleDatabase(settle.databaseUrl);
  const counter = countDown(jobs);
  const worker = engine.newWorker(counter.count);
  const loopDelay = watchEventLoop();
  const startedAt = performance.now();
  await worker.start();
  await counter.done;
  const measured = { ...drainOf(jobs, startedAt), loopDelay: loopDelay() };
  await worker.stop();
  return measured;
}

/** Every run is in the history, succeeded, with an output that tells that its step ran. */
async function checkRecords({ store }: Engine, expected: number): Promise<void> {
  const { total } = await store.db
    .selectFrom('run_history')
    .where('status', '=', 'succeeded')
    .where('output', 'like', '%"n":%')
    .select(({ fn }) => fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  if (Number(total) !== expected) throw new Error(`${total} of ${expected} runs are recorded as succeeded.`);
}
