import type { Benchmark } from '../harness/benchmark.ts';
import { atLeastTimes, atMost, type Figure, shown } from '../harness/figure.ts';
import { inChild } from '../harness/part.ts';
import { redisFacts, redisUrl, withKeyPrefix } from '../harness/redis-server.ts';
import { postgresFacts, withDatabase } from '../harness/scratch-database.ts';
import { withDirectory } from '../harness/scratch-directory.ts';
import { median, summaryOf } from '../harness/statistics.ts';
import { type EventsOutput, eventsOfOurs } from '../ours/events.ts';
import { eventsOfRedis } from '../peers/redis-streams.ts';

const TIMES_REDIS = 0.5;
const MAX_P99_MS = 10;

/** Publishes events and handles them in a consumer group: on Redis beside its bare commands, and on both databases. */
export const events: Benchmark = {
  name: 'events',
  title: 'events published and handled by a consumer group, on Redis beside its bare commands, and on the databases',
  async run({ quick, say }) {
    const rounds = quick ? 1 : 3;
    const input = quick
      ? { events: 500, publishers: 200, warmUp: 100, samples: 20 }
      : { events: 20_000, publishers: 200, warmUp: 2000, samples: 300 };
    const url = redisUrl();
    const sides = {
      redis: [] as EventsOutput[],
      bare: [] as EventsOutput[],
      sqlite: [] as EventsOutput[],
      postgres: [] as EventsOutput[],
    };
    for (let round = 1; round <= rounds; round++) {
      sides.redis.push(
        await withKeyPrefix((prefix) =>
          withDirectory((directory) =>
            inChild(eventsOfOurs, { ...input, place: { directory }, redis: { url, prefix } }),
          ),
        ),
      );
      sides.bare.push(await withKeyPrefix((prefix) => inChild(eventsOfRedis, { ...input, url, prefix })));
      sides.sqlite.push(
        await withDirectory((directory) => inChild(eventsOfOurs, { ...input, place: { directory }, redis: null })),
      );
      sides.postgres.push(
        await withDatabase((databaseUrl) => inChild(eventsOfOurs, { ...input, place: { databaseUrl }, redis: null })),
      );
      const rates = Object.entries(sides).map(([name, side]) => `${name} ${side.at(-1)!.perSecond.toFixed(0)}/s`);
      say(`round ${round}: ${rates.join(', ')}`);
    }
    const rate = (side: readonly EventsOutput[]) => median(side.map((each) => each.perSecond));
    const p99 = (side: readonly EventsOutput[]) => summaryOf(side.flatMap((each) => each.latencies)).p99;
    const figures: Figure[] = [
      atLeastTimes({ what: 'events, Redis', value: rate(sides.redis), unit: '/s' }, TIMES_REDIS, {
        who: 'bare XADD and XREADGROUP',
        value: rate(sides.bare),
      }),
      atMost({ what: 'Redis, p99', value: p99(sides.redis), unit: 'ms' }, MAX_P99_MS, {
        who: 'bare XADD and XREADGROUP',
        value: p99(sides.bare),
      }),
      shown({ what: 'events, SQLite', value: rate(sides.sqlite), unit: '/s' }),
      shown({ what: 'SQLite, p99', value: p99(sides.sqlite), unit: 'ms' }),
      shown({ what: 'events, PostgreSQL', value: rate(sides.postgres), unit: '/s' }),
      shown({ what: 'PostgreSQL, p99', value: p99(sides.postgres), unit: 'ms' }),
    ];
    return {
      figures,
      notes: [
        `${input.events} events a round by ${input.publishers} publishers that each wait for theirs, ${rounds} rounds in turns, each in a fresh process; medians.`,
        `Latency: from the call that publishes until the handler is called, ${input.samples * rounds} events a side, one at a time on an idle system.`,
        'Ours puts what is published together into one Redis entry; the bare commands add one entry an event, sent together by the client.',
        'On the databases every event and every acknowledgement is committed to the disk; Redis keeps to its own settings.',
      ],
      setup: { ...input, rounds, redis: await redisFacts(), postgres: await postgresFacts() },
      repetitions: sides,
    };
  },
};
