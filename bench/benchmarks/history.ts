import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Benchmark } from '../harness/benchmark.ts';
import type { Place } from '../harness/engine.ts';
import { atMostTimes, type Figure } from '../harness/figure.ts';
import { inChild } from '../harness/part.ts';
import { postgresFacts, withDatabase } from '../harness/scratch-database.ts';
import { withDirectory } from '../harness/scratch-directory.ts';
import { median } from '../harness/statistics.ts';
import { type HistoryTimes, historyCosts, historyFilling } from '../ours/history.ts';

const TIMES = 1.5;
const SMALL = 1000;

/** Whether lists, claims and statistics cost the same with a long history as with a short one. */
export const history: Benchmark = {
  name: 'history',
  title: 'lists, claims and statistics beside a million finished runs, and beside a thousand',
  async run({ quick, say }) {
    const large = quick ? 5000 : 1_000_000;
    const repetitions = quick ? 20 : 200;
    const measure = async (places: { small: Place; large: Place }): Promise<HistoryTimes> => {
      await inChild(historyFilling, { place: places.small, runs: SMALL });
      const { seconds } = await inChild(historyFilling, { place: places.large, runs: large });
      say(`${large} finished runs stored in ${seconds.toFixed(0)} s`);
      return inChild(historyCosts, { ...places, repetitions });
    };
    const sqlite = await withDirectory((root) => {
      const [small, big] = [join(root, 'small'), join(root, 'large')];
      for (const directory of [small, big]) mkdirSync(directory);
      return measure({ small: { directory: small }, large: { directory: big } });
    });
    const postgres = await withDatabase((small) =>
      withDatabase((big) => measure({ small: { databaseUrl: small }, large: { databaseUrl: big } })),
    );
    return {
      figures: [...figuresOf('SQLite', sqlite), ...figuresOf('PostgreSQL', postgres)],
      notes: [
        `Beside ${large} finished runs, and beside ${SMALL}, of the same 20 tasks and 10 days; up to ${repetitions} times in turns; medians.`,
        'Lists give 50 runs and a total that is counted up to 10,000; 1,000 runs are queued while claiming; filled histories are analysed on PostgreSQL.',
      ],
      setup: { large, small: SMALL, repetitions, postgres: await postgresFacts() },
      repetitions: { sqlite, postgres },
    };
  },
};

const figuresOf = (store: string, times: HistoryTimes): Figure[] =>
  Object.entries(times).map(([what, { small, large }]) =>
    atMostTimes({ what: `${store}, ${what}`, value: median(large), unit: 'ms' }, TIMES, {
      who: `${SMALL} runs:`,
      value: median(small),
    }),
  );
