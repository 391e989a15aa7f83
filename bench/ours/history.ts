import { orderedRun } from '../../packages/server/src/tasks/request-run.ts';
import { type Engine, openEngine, type Place } from '../harness/engine.ts';
import { filledTaskId, fillPostgresHistory, fillSqliteHistory } from '../harness/fill-history.ts';
import { closeFilled, openToFill } from '../harness/fill-tasks.ts';
import type { Part } from '../harness/part.ts';
import { onDatabase, settleDatabase } from '../harness/scratch-database.ts';

const QUEUED = 1000;
const CLAIM = 100;
const PAGE = 50;
const WARM_UP = 20;
/** A work that is slow is repeated less often: so long in all, and at least so often. */
const BUDGET_MS = 8000;
const LEAST = 5;

/** Makes the schema, and fills the history with finished runs. */
export const historyFilling: Part<{ place: Place; runs: number }, { seconds: number }> = {
  source: import.meta.url,
  name: 'historyFilling',
  async run({ place, runs }) {
    const startedAt = performance.now();
    await (await openEngine(place)).close();
    if ('directory' in place) {
      const db = openToFill(place.directory);
      fillSqliteHistory(db, runs);
      closeFilled(db);
    } else {
      await onDatabase(place.databaseUrl, (client) => fillPostgresHistory(client, runs));
      await settleDatabase(place.databaseUrl);
    }
    return { seconds: (performance.now() - startedAt) / 1000 };
  },
};

/** The work that must not become dearer with the history; each answers how many runs it has told of. */
const works: Readonly<Record<string, (engine: Engine) => Promise<number>>> = {
  'list, first page': async ({ runs }) => (await runs.list({ limit: PAGE })).items.length,
  'list of one task': async ({ runs }) => (await runs.list({ limit: PAGE, task_id: filledTaskId(7) })).items.length,
  'list of failed runs': async ({ runs }) => (await runs.list({ limit: PAGE, status: 'failed' })).items.length,
  'stats of all tasks': async ({ runs }) => (await runs.summary()).total_runs,
  'stats of one task': async ({ runs }) => (await runs.statsOf(filledTaskId(7))).total_runs,
};

/** How long each work takes beside a small and a large history, in milliseconds. */
export type HistoryTimes = Record<string, { small: number[]; large: number[] }>;

interface Input {
  readonly small: Place;
  readonly large: Place;
  readonly repetitions: number;
}

/** Both histories are open in one process, and are asked in turns. */
export const historyCosts: Part<Input, HistoryTimes> = {
  source: import.meta.url,
  name: 'historyCosts',
  async run({ small, large, repetitions }) {
    const engines = { small: await openEngine(small), large: await openEngine(large) };
    const times: HistoryTimes = {};
    for (const [name, work] of Object.entries(works)) {
      times[name] = await inTurns(repetitions, {
        small: () => timed(() => work(engines.small)),
        large: () => timed(() => work(engines.large)),
      });
    }
    const claims = { small: await claiming(engines.small), large: await claiming(engines.large) };
    times[`claim of ${CLAIM}`] = await inTurns(repetitions, claims);
    await engines.small.close();
    await engines.large.close();
    return times;
  },
};

interface Pair<Value> {
  readonly small: Value;
  readonly large: Value;
}

async function inTurns(repetitions: number, measure: Pair<() => Promise<number>>): Promise<Pair<number[]>> {
  const times: Pair<number[]> = { small: [], large: [] };
  const startedAt = performance.now();
  const spent = () => (performance.now() - startedAt) / BUDGET_MS;
  for (let n = 0; n < WARM_UP && spent() < 0.2; n++) {
    await measure.small();
    await measure.large();
  }
  for (let n = 0; n < repetitions && (n < LEAST || spent() < 1); n++) {
    times.small.push(await measure.small());
    times.large.push(await measure.large());
  }
  return times;
}

async function timed(work: () => Promise<number>): Promise<number> {
  const startedAt = performance.now();
  const runs = await work();
  const time = performance.now() - startedAt;
  if (!(runs > 0)) throw new Error('The history has nothing to tell of: it was not filled as meant.');
  return time;
}

/** A claim of the queue with runs waiting; what was claimed is handed back outside the time taken. */
async function claiming({ store, tasks }: Engine): Promise<() => Promise<number>> {
  const task = await tasks.get(filledTaskId(0));
  const now = Date.now();
  await store.queue.enqueue(
    Array.from({ length: QUEUED }, () => orderedRun(task, { trigger: 'manual', params: null, now })),
  );
  const lease = await store.queue.openLease('bench');
  return async () => {
    const startedAt = performance.now();
    const runs = await store.queue.claim(lease, CLAIM);
    const time = performance.now() - startedAt;
    if (runs.length !== CLAIM) throw new Error(`${runs.length} of ${CLAIM} runs were claimed.`);
    await store.queue.settle(runs.map((run) => ({ kind: 'release', runId: run.id, fence: run.fence })));
    return time;
  };
}
