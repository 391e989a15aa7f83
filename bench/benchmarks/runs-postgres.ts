import type { Benchmark } from '../harness/benchmark.ts';
import { type Drain, WARM_UP } from '../harness/drain.ts';
import { shipped } from '../harness/engine.ts';
import { atLeastTimes, shown } from '../harness/figure.ts';
import type { LoopDelay } from '../harness/loop-delay.ts';
import { inChild } from '../harness/part.ts';
import { postgresFacts, withDatabase } from '../harness/scratch-database.ts';
import { median } from '../harness/statistics.ts';
import { best } from '../harness/tune.ts';
import { runsOfOurs } from '../ours/runs.ts';
import { runsOfGraphile } from '../peers/graphile-worker.ts';
import { runsOfPgBoss } from '../peers/pg-boss.ts';

const TIMES_GRAPHILE = 1;
const TIMES_PG_BOSS = 2;

/** The preset of graphile-worker's documentation has 24. */
const graphileCandidates = [24, 10, 48];
const pgBossCandidates = [
  { batchSize: 100, localConcurrency: 4 },
  { batchSize: 500, localConcurrency: 1 },
  { batchSize: 500, localConcurrency: 4 },
  { batchSize: 1000, localConcurrency: 2 },
  { batchSize: 1000, localConcurrency: 4 },
];

/** Works off a full queue of one-step runs on PostgreSQL, beside graphile-worker and pg-boss on the same server. */
export const runsPostgres: Benchmark = {
  name: 'runs-postgres',
  title: 'a queue of one-step runs worked off on PostgreSQL, beside graphile-worker and pg-boss',
  async run({ quick, say }) {
    const jobs = quick ? 500 : 20_000;
    const warmUp = quick ? 100 : WARM_UP;
    const rounds = quick ? 1 : 5;
    const graphileOnce = (concurrency: number, count: number) =>
      withDatabase((url) => inChild(runsOfGraphile, { url, concurrency, jobs: count, warmUp }));
    const pgBossOnce = (settings: (typeof pgBossCandidates)[number], count: number) =>
      withDatabase((url) => inChild(runsOfPgBoss, { url, ...settings, jobs: count, warmUp }));
    const few = <Candidate>(candidates: readonly Candidate[]) => (quick ? candidates.slice(0, 1) : candidates);
    // As many jobs as are measured: what is best depends on it.
    const graphileBest = await best(few(graphileCandidates), async (one) => (await graphileOnce(one, jobs)).perSecond);
    const pgBossBest = await best(few(pgBossCandidates), async (one) => (await pgBossOnce(one, jobs)).perSecond);
    say(`graphile-worker is fastest with concurrency ${graphileBest.chosen}`);
    say(`pg-boss is fastest with ${JSON.stringify(pgBossBest.chosen)}`);

    const ours: (Drain & { loopDelay: LoopDelay })[] = [];
    const graphile: Drain[] = [];
    const pgBoss: Drain[] = [];
    for (let round = 1; round <= rounds; round++) {
      ours.push(await withDatabase((databaseUrl) => inChild(runsOfOurs, { place: { databaseUrl }, jobs, warmUp })));
      graphile.push(await graphileOnce(graphileBest.chosen, jobs));
      pgBoss.push(await pgBossOnce(pgBossBest.chosen, jobs));
      const rates = [ours, graphile, pgBoss].map((side) => side.at(-1)!.perSecond.toFixed(0));
      say(`round ${round}: ours ${rates[0]}/s, graphile-worker ${rates[1]}/s, pg-boss ${rates[2]}/s`);
    }
    const rate = (side: readonly Drain[]) => median(side.map((each) => each.perSecond));
    const runs = { what: 'runs', value: rate(ours), unit: '/s' };
    return {
      figures: [
        atLeastTimes(runs, TIMES_GRAPHILE, { who: 'graphile-worker', value: rate(graphile) }),
        atLeastTimes(runs, TIMES_PG_BOSS, { who: 'pg-boss', value: rate(pgBoss) }),
        shown({ what: 'event loop late, p99', value: median(ours.map((each) => each.loopDelay.p99)), unit: 'ms' }),
      ],
      notes: [
        `${jobs} runs after ${warmUp} to warm up, ${rounds} rounds in turns, each in a fresh process and database; medians.`,
        'Ours keeps every run with output and step records; graphile-worker deletes a job that is done; pg-boss keeps it without an output.',
        `Concurrency: ours ${shipped.workerConcurrency} with ${shipped.databasePool} connections (as shipped), graphile-worker ` +
          `${graphileBest.chosen}, pg-boss ${JSON.stringify(pgBossBest.chosen)} (the best of those tried).`,
      ],
      setup: {
        jobs,
        warmUp,
        rounds,
        ours: shipped,
        graphile: { localQueue: 500, completeJobBatchDelay: 0, ...graphileBest },
        pgBoss: pgBossBest,
        postgres: await postgresFacts(),
      },
      repetitions: { ours, graphile, pgBoss },
    };
  },
};
