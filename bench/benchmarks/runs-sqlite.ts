import type { Benchmark } from '../harness/benchmark.ts';
import { type Drain, WARM_UP } from '../harness/drain.ts';
import { shipped } from '../harness/engine.ts';
import { atLeastTimes, atMost, shown } from '../harness/figure.ts';
import type { LoopDelay } from '../harness/loop-delay.ts';
import { inChild } from '../harness/part.ts';
import { redisFacts, redisUrl, withKeyPrefix } from '../harness/redis-server.ts';
import { withDirectory } from '../harness/scratch-directory.ts';
import { median } from '../harness/statistics.ts';
import { best } from '../harness/tune.ts';
import { runsOfOurs } from '../ours/runs.ts';
import { runsOfBullmq } from '../peers/bullmq.ts';

const TIMES = 3;
const MAX_LOOP_DELAY_MS = 20;

/** Works off a full queue of one-step runs on SQLite, beside BullMQ on Redis. */
export const runsSqlite: Benchmark = {
  name: 'runs-sqlite',
  title: 'a queue of one-step runs worked off on SQLite, beside BullMQ on Redis',
  async run({ quick, say }) {
    const jobs = quick ? 500 : 20_000;
    const warmUp = quick ? 100 : WARM_UP;
    const rounds = quick ? 1 : 5;
    const redis = await redisFacts();
    const peer = (concurrency: number, count: number) =>
      withKeyPrefix((prefix) =>
        inChild(runsOfBullmq, { url: redisUrl(), prefix, queue: 'bench', concurrency, jobs: count, warmUp }),
      );
    const { chosen, tried } = await best(quick ? [32] : [16, 32, 64, 128, 256], async (concurrency) => {
      const { perSecond } = await peer(concurrency, jobs / 4);
      return perSecond;
    });
    say(`BullMQ is fastest with concurrency ${chosen}`);
    const ours: (Drain & { loopDelay: LoopDelay })[] = [];
    const bullmq: Drain[] = [];
    for (let round = 1; round <= rounds; round++) {
      ours.push(await withDirectory((directory) => inChild(runsOfOurs, { place: { directory }, jobs, warmUp })));
      bullmq.push(await peer(chosen, jobs));
      say(
        `round ${round}: ours ${ours.at(-1)!.perSecond.toFixed(0)}/s, BullMQ ${bullmq.at(-1)!.perSecond.toFixed(0)}/s`,
      );
    }
    const beside = { who: 'BullMQ', value: median(bullmq.map((each) => each.perSecond)) };
    const middle = (of: (each: LoopDelay) => number) => median(ours.map((each) => of(each.loopDelay)));
    return {
      figures: [
        atLeastTimes({ what: 'runs', value: median(ours.map((each) => each.perSecond)), unit: '/s' }, TIMES, beside),
        atMost({ what: 'event loop late, p99', value: middle((each) => each.p99), unit: 'ms' }, MAX_LOOP_DELAY_MS),
        shown({ what: 'event loop late, max', value: middle((each) => each.max), unit: 'ms' }),
      ],
      notes: [
        `${jobs} runs after ${warmUp} to warm up, ${rounds} rounds in turns, each in a fresh process; medians.`,
        'Ours commits every claim and every end with fsync (SQLite, WAL, synchronous=FULL), and keeps output and step records.',
        `BullMQ keeps the completed job with its return value; persistence of this Redis: ${redis.persistence}.`,
        `Concurrency: ours ${shipped.workerConcurrency} (as shipped), BullMQ ${chosen} (the best of those tried).`,
      ],
      setup: { jobs, warmUp, rounds, ours: shipped, bullmq: { concurrency: chosen, tried }, redis },
      repetitions: { ours, bullmq },
    };
  },
};
