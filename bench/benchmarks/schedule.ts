import { join } from 'node:path';
import type { Benchmark } from '../harness/benchmark.ts';
import { atMost, shown } from '../harness/figure.ts';
import { inChild } from '../harness/part.ts';
import { withDirectory } from '../harness/scratch-directory.ts';
import { type Boot, bootServer, bundleNote } from '../harness/server-process.ts';
import { median, percentile, summaryOf } from '../harness/statistics.ts';
import { idleTicks, lateness, taskFilling } from '../ours/scheduler.ts';

const MAX_TICK_MS = 5;
const MAX_BOOT_S = 1.5;
const MAX_MEMORY_MB = 100;
const MAX_LATE_MS = 250;

/** What very many tasks cost while nothing is due, and how late those are that are due at once. */
export const schedule: Benchmark = {
  name: 'schedule',
  title: 'a million active cron tasks on SQLite: the idle scheduler, the start, the memory; and many tasks due at once',
  async run({ quick, say }) {
    const tasks = quick ? 2000 : 1_000_000;
    const rounds = quick ? 1 : 3;
    const due = quick ? 100 : 1000;
    return withDirectory(async (root) => {
      const [full, empty] = [join(root, 'full'), join(root, 'empty')];
      await inChild(taskFilling, { directory: empty, tasks: 0 });
      const filled = await inChild(taskFilling, { directory: full, tasks });
      say(`${tasks} tasks stored in ${filled.seconds.toFixed(0)} s`);
      const ticks = await inChild(idleTicks, { directory: full, ticks: quick ? 20 : 300 });
      const boots: { full: Boot[]; empty: Boot[] } = { full: [], empty: [] };
      await bootServer(empty);
      for (let round = 1; round <= rounds; round++) {
        boots.empty.push(await bootServer(empty));
        boots.full.push(await bootServer(full));
        say(`start ${round} of ${rounds}`);
      }
      const late = await inChild(lateness, { directory: full, rounds, tasks: due });
      const tick = summaryOf(ticks.samples);
      const started = late.rounds.map((round) => percentile(round.started, 0.99));
      const finished = late.rounds.map((round) => percentile(round.finished, 0.99));
      const seconds = (all: readonly Boot[]) => median(all.map((each) => each.seconds));
      const memory = (all: readonly Boot[]) => median(all.map((each) => each.rssMb));
      const added = memory(boots.full) - memory(boots.empty);
      const without = { who: 'no task', value: seconds(boots.empty) };
      return {
        figures: [
          shown({ what: 'idle tick, p50', value: tick.p50, unit: 'ms' }),
          atMost({ what: 'idle tick, p99', value: tick.p99, unit: 'ms' }, MAX_TICK_MS),
          atMost({ what: 'start of the server', value: seconds(boots.full), unit: 's' }, MAX_BOOT_S, without),
          atMost({ what: 'additional memory', value: added, unit: 'MB' }, MAX_MEMORY_MB),
          atMost({ what: 'late to start, p99', value: median(started), unit: 'ms' }, MAX_LATE_MS),
          shown({ what: 'late to be over, p99', value: median(finished), unit: 'ms' }),
        ],
        notes: [
          `${tasks} active daily cron tasks; ${ticks.samples.length} ticks; starts of the real program, ${rounds} with and without the tasks in turns.`,
          `${due} tasks due at the same second, ${rounds} times, among the others: scheduler and worker of the engine; late to start is until the run was claimed.`,
          bundleNote([...boots.full, ...boots.empty]),
        ],
        setup: { tasks, rounds, due },
        repetitions: { filled, ticks: ticks.samples, boots, late: late.rounds },
      };
    });
  },
};
