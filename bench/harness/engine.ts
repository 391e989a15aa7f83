import { openStreams } from '../../packages/server/src/events/open-streams.ts';
import { systemClock } from '../../packages/server/src/kernel/clock.ts';
import { createLogger } from '../../packages/server/src/kernel/logger.ts';
import { GuardedHttpClient } from '../../packages/server/src/outgoing/guarded-client.ts';
import { Revisions } from '../../packages/server/src/runs/revisions.ts';
import { RunFeed } from '../../packages/server/src/runs/run-feed.ts';
import { RunService } from '../../packages/server/src/runs/run-service.ts';
import { Worker } from '../../packages/server/src/runs/worker.ts';
import { openStore } from '../../packages/server/src/storage/open-store.ts';
import type { Store } from '../../packages/server/src/storage/store.ts';
import { EventTriggers } from '../../packages/server/src/tasks/event-triggers.ts';
import { Scheduler } from '../../packages/server/src/tasks/scheduler.ts';
import { TaskService } from '../../packages/server/src/tasks/task-service.ts';
import { registerBuiltinTools } from '../../packages/server/src/tools/builtin/register.ts';
import { ToolRegistry } from '../../packages/server/src/tools/registry.ts';

/** Which store: PostgreSQL under a URL, or SQLite in a directory. */
export type Place = { readonly databaseUrl: string } | { readonly directory: string };

/** Defaults of `ORDINAUT_WORKER_CONCURRENCY` and `ORDINAUT_DATABASE_POOL`: ours is measured as it comes. */
export const shipped = { workerConcurrency: 32, databasePool: 10 } as const;

/**
 * The engine of the server without HTTP: built of the same parts in the same way as the composition root does it, but with the
 * worker and the scheduler in the hands of the benchmark.
 */
export async function openEngine(place: Place) {
  const clock = systemClock;
  const logger = createLogger('warn');
  const store = await openStore({
    databaseUrl: 'databaseUrl' in place ? place.databaseUrl : null,
    directory: 'directory' in place ? place.directory : '',
    poolSize: shipped.databasePool,
    name: 'ordinaut bench',
    clock,
    logger,
  });
  await store.start();
  const tools = new ToolRegistry();
  const http = new GuardedHttpClient({ allow: [] });
  const feed = new RunFeed();
  const revisions = new Revisions(store);
  const tasks = new TaskService({ store, tools, clock });
  // What runs and tasks tell is put into the log, as it is in the server.
  const streams = await openStreams({
    store,
    redisUrl: null,
    trigger: new EventTriggers({ store, clock, logger }),
    clock,
    logger,
    instance: 'bench',
  });
  await streams.start();
  registerBuiltinTools(tools, { clock, http, runTask: (id, params, key) => tasks.runOnce(id, params, key) });
  return {
    store,
    tools,
    tasks,
    streams,
    runs: new RunService({ store, revisions, feed, clock }),
    newScheduler: () => new Scheduler({ store, clock, logger }),
    /** A worker that is not started; `onFinished` hears of runs the moment their end is stored. */
    newWorker: (onFinished: (runs: number) => void = () => {}) =>
      new Worker({
        store: watched(store, onFinished),
        tools,
        revisions,
        feed,
        clock,
        random: Math.random,
        logger,
        owner: 'bench',
        concurrency: shipped.workerConcurrency,
        drainMs: 20_000,
      }),
    async close() {
      await streams.stop();
      await store.stop();
      await http.close();
    },
  };
}

export type Engine = Awaited<ReturnType<typeof openEngine>>;

/** The same store, which tells when runs have been moved to the history: so nobody has to ask the database meanwhile. */
function watched(store: Store, onFinished: (runs: number) => void): Store {
  const queue: Store['queue'] = {
    ...store.queue,
    async settle(items) {
      const answers = await store.queue.settle(items);
      const finished = items.filter((item, index) => item.kind === 'finish' && answers[index] === true).length;
      if (finished > 0) onFinished(finished);
      return answers;
    },
  };
  return { ...store, queue };
}
