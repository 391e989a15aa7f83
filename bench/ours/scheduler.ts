import { setTimeout as sleep } from 'node:timers/promises';
import { countDown } from '../harness/count-down.ts';
import { openEngine } from '../harness/engine.ts';
import { closeFilled, fillTasks, fillTasksDueAt, openToFill } from '../harness/fill-tasks.ts';
import type { Part } from '../harness/part.ts';

/** Number of tasks the scheduler takes at a time. */
const BATCH = 200;
const LEAD_MS = 6000;
const APART_MS = 3000;

/** Makes the schema in a directory and puts tasks into it. */
export const taskFilling: Part<{ directory: string; tasks: number }, { seconds: number }> = {
  source: import.meta.url,
  name: 'taskFilling',
  async run({ directory, tasks }) {
    const startedAt = performance.now();
    await (await openEngine({ directory })).close();
    const db = openToFill(directory);
    fillTasks(db, tasks);
    closeFilled(db);
    return { seconds: (performance.now() - startedAt) / 1000 };
  },
};

/** What the scheduler does each time it wakes while nothing is due: looks for due tasks, then for the earliest; milliseconds. */
export const idleTicks: Part<{ directory: string; ticks: number }, { samples: number[] }> = {
  source: import.meta.url,
  name: 'idleTicks',
  async run({ directory, ticks }) {
    const engine = await openEngine({ directory });
    const { dueTasks } = engine.store;
    const samples: number[] = [];
    for (let tick = 0; tick < ticks; tick++) {
      const startedAt = performance.now();
      await dueTasks.fire(Date.now(), BATCH, (task) => {
        throw new Error(`Task ${task.id} is due; the tick is not idle.`);
      });
      await dueTasks.earliest();
      samples.push(performance.now() - startedAt);
      await sleep(2);
    }
    await engine.close();
    return { samples };
  },
};

interface Lateness {
  /** From the nominal time until the run was stored, milliseconds. */
  readonly created: number[];
  /** From the nominal time until a worker had claimed it. */
  readonly started: number[];
  /** From the nominal time until its end was about to be stored. */
  readonly finished: number[];
}

/** Several times, some seconds apart, many tasks are due at the same second; the scheduler and the worker are the real ones. */
export const lateness: Part<{ directory: string; rounds: number; tasks: number }, { rounds: Lateness[] }> = {
  source: import.meta.url,
  name: 'lateness',
  async run({ directory, rounds, tasks }) {
    const first = Math.ceil((Date.now() + LEAD_MS) / 1000) * 1000;
    const instants = Array.from({ length: rounds }, (_, round) => first + round * APART_MS);
    const db = openToFill(directory);
    for (const [round, instant] of instants.entries()) fillTasksDueAt(db, instant, tasks, round + 2);
    closeFilled(db);

    const engine = await openEngine({ directory });
    const counter = countDown(rounds * tasks);
    const [scheduler, worker] = [engine.newScheduler(), engine.newWorker(counter.count)];
    await worker.start();
    await scheduler.start();
    if (Date.now() >= first) throw new Error('The engine was not ready before the tasks were due; allow it more lead.');
    await counter.done;
    await scheduler.stop();
    await worker.stop();
    const measured: Lateness[] = [];
    for (const instant of instants) {
      const rows = await engine.store.db
        .selectFrom('run_history')
        .select(['created_at', 'started_at', 'finished_at'])
        .where('nominal_at', '=', instant)
        .where('status', '=', 'succeeded')
        .execute();
      if (rows.length !== tasks) throw new Error(`${rows.length} of ${tasks} tasks have run for ${instant}.`);
      measured.push({
        created: rows.map((row) => row.created_at - instant),
        started: rows.map((row) => row.started_at! - instant),
        finished: rows.map((row) => row.finished_at - instant),
      });
    }
    await engine.close();
    return { rounds: measured };
  },
};
