import type { Benchmark } from '../harness/benchmark.ts';
import { atMost, type Figure, shown } from '../harness/figure.ts';
import { inChild } from '../harness/part.ts';
import { postgresFacts, withDatabase } from '../harness/scratch-database.ts';
import { withDirectory } from '../harness/scratch-directory.ts';
import { summaryOf } from '../harness/statistics.ts';
import { latencyOfOurs } from '../ours/latency.ts';
import { latencyOfGraphile } from '../peers/graphile-worker.ts';

const MAX_P99_MS = { sqlite: 10, postgres: 25 } as const;

/** How soon the step of a run starts that somebody asks for while nothing else is going on. */
export const latency: Benchmark = {
  name: 'latency',
  title: 'from the request for a run until its step starts, one at a time on an idle system',
  async run({ quick, say }) {
    const rounds = quick ? 1 : 4;
    const sizes = quick ? { samples: 20, warmUp: 5 } : { samples: 250, warmUp: 50 };
    const sqlite: number[] = [];
    const postgres: number[] = [];
    const graphile: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      const onSqlite = (directory: string) => inChild(latencyOfOurs, { place: { directory }, ...sizes });
      sqlite.push(...(await withDirectory(onSqlite)).samples);
      const onPostgres = (databaseUrl: string) => inChild(latencyOfOurs, { place: { databaseUrl }, ...sizes });
      postgres.push(...(await withDatabase(onPostgres)).samples);
      graphile.push(...(await withDatabase((url) => inChild(latencyOfGraphile, { url, ...sizes }))).samples);
      say(`round ${round} of ${rounds}`);
    }
    const beside = summaryOf(graphile);
    return {
      figures: [
        ...figuresOf('SQLite', summaryOf(sqlite), MAX_P99_MS.sqlite, null),
        ...figuresOf('PostgreSQL', summaryOf(postgres), MAX_P99_MS.postgres, beside),
      ],
      notes: [
        `${sqlite.length} samples a side, taken in ${rounds} rounds in turns, each in a fresh process after ${sizes.warmUp} to warm up.`,
        'Both sides ask and run in one process. graphile-worker has its defaults and concurrency 24: no local queue, which is for throughput.',
      ],
      setup: { rounds, ...sizes, postgres: await postgresFacts() },
      repetitions: { sqlite, postgres, graphile },
    };
  },
};

type Summary = ReturnType<typeof summaryOf>;

function figuresOf(store: string, ours: Summary, limit: number, graphile: Summary | null): Figure[] {
  const beside = (which: 'p50' | 'p95' | 'p99') =>
    graphile === null ? null : { who: 'graphile-worker', value: graphile[which] };
  const figure = (which: 'p50' | 'p95' | 'p99') => ({ what: `${store}, ${which}`, value: ours[which], unit: 'ms' });
  return [
    shown(figure('p50'), beside('p50')),
    shown(figure('p95'), beside('p95')),
    atMost(figure('p99'), limit, beside('p99')),
  ];
}
