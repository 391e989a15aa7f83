import type { Benchmark } from '../harness/benchmark.ts';
import { atLeast, atMost, type Figure, shown } from '../harness/figure.ts';
import { median } from '../harness/statistics.ts';
import { rounded } from '../harness/table.ts';
import { bestPeer, type Case, type Results, runCase, toldOf, valueOfOurs } from '../probes/case.ts';
import { casesOf, streamCasesOf } from '../probes/cases.ts';
import { withProbeServer } from '../probes/probe-server-process.ts';
import { ratesOf } from '../probes/rates.ts';
import { RATE_CONCURRENCY } from '../probes/run-probe.ts';
import { peerNames, type SideName, sideNames, sides } from '../probes/sides.ts';

/** What a client does when things go wrong, ours beside those that are used most. */
export const sdk: Benchmark = {
  name: 'sdk',
  title: 'what the client does when things go wrong, and what a call costs, beside clients with their defaults',
  async run({ quick, say }) {
    const cases = casesOf(quick);
    const streams = streamCasesOf(quick);
    const all: readonly Case[] = [...Object.values(cases), ...streams];
    const results = new Map<Case, Results>();
    const size = quick ? { rounds: 1, calls: 300 } : { rounds: 3, calls: 5000 };
    const rates = await withProbeServer(async (server) => {
      const fine = await server.during({ is: 'fine', delayMs: 0 }, async (warmUpUrl) => {
        const run = async (one: Case): Promise<void> => {
          results.set(one, await runCase(server, warmUpUrl, one));
          say(Object.keys(one.tells)[0]!);
        };
        const inTurns = async (some: Iterable<Case>): Promise<void> => {
          for (const one of some) await run(one);
        };
        // What waits for a minute disturbs nobody: it goes on beside everything else.
        const isLong = ({ probe }: Case): boolean => probe.limitMs >= 60_000;
        const long = Promise.all(all.filter(isLong).map(run));
        // What counts or waits is done two at a time, what measures alone.
        const short = all.filter((one) => one.together && !isLong(one)).values();
        const measuring = async () => {
          await Promise.all([inTurns(short), inTurns(short)]);
          await inTurns(all.filter((one) => !one.together));
          return ratesOf(server, warmUpUrl, size);
        };
        return (await Promise.all([measuring(), long]))[0];
      });
      return fine.result;
    });

    const of = (one: Case): Results => results.get(one) ?? {};
    const figure = (one: Case, what: string, unit: string, limit: number): Figure =>
      atMost({ what, value: valueOfOurs(one, of(one)), unit }, limit, bestPeer(one, of(one)));
    const resumed = (name: SideName): number =>
      streams.reduce((sum, one) => {
        const measured = of(one)[name];
        return sum + (measured === undefined ? 0 : (one.value(measured) ?? 0));
      }, 0);
    const mostResumed = peerNames
      .map((who) => ({ who, value: resumed(who) }))
      .toSorted((a, b) => b.value - a.value)[0]!;
    const rate = (name: string): number => median(rates.get(name)!);
    return {
      figures: [
        figure(cases.stampede, '50 requests refused over 3 s', 'logins', 1),
        figure(cases.outage, 'load factor in an outage', '×', 1.1),
        figure(cases.outageWithoutCircuit, 'the same without circuits', '×', 1.1),
        figure(cases.retryAfter, 'Retry-After beyond the deadline: fails after', 'ms', 100),
        figure(cases.stalled, 'stalled body, deadline 2 s: fails after', 'ms', 2100),
        figure(cases.post, 'POST answered with 500, without a key: done', '×', 1),
        figure(cases.keyedPost, 'POST answered with 500, with a key: done', '×', 1),
        figure(cases.sockets, '300 calls at once', 'sockets', 50),
        figure(cases.abortWaiting, 'abort while it waits for an answer, p50', 'ms', 5),
        figure(cases.abortBackingOff, 'abort while it backs off, p50', 'ms', 5),
        atLeast({ what: 'broken streams that go on', value: resumed('ours'), unit: 'of 5' }, 5, mostResumed),
        shown(
          { what: `calls, ${RATE_CONCURRENCY} at once`, value: rate('ours'), unit: '/s' },
          { who: 'bare fetch', value: rate('bare fetch') },
        ),
      ],
      sides: {
        names: sideNames,
        cases: [
          ...all.flatMap((one) => toldOf(one, of(one))),
          { what: `calls, ${RATE_CONCURRENCY} at once`, told: sideNames.map((name) => `${rounded(rate(name))} /s`) },
        ],
      },
      notes: [
        'Each client with its defaults, a process of its own for each case, against one server in another. Beside ours stands the best of the others.',
        'Deadline, by their own options: ours timeoutMs and ky totalTimeout, which are for the call; openai timeout, aws requestTimeout and socketTimeout, undici headersTimeout and bodyTimeout, which are for an attempt, as they have none for a call.',
        'Login: ours by password; openai by workloadIdentity; aws by a provider of credentials; ky by the hook of its documentation; the RetryAgent of undici has none.',
        'Key: ours and aws put one in by themselves; openai by its option idempotencyKey; ky and undici by a header. The server does what is asked for once for each key.',
        'Streams: those of openai are of one connection; that of undici is its EventSource; ky and aws have none.',
        ...(quick ? [] : ['A stream that is silent is given up by ours after 45 s, its default.']),
        `Calls: ${size.calls} a side after 300 to warm up, ${size.rounds} rounds in turns; medians. Bare undici: ${rounded(rate('bare undici'))} /s.`,
      ],
      setup: Object.fromEntries(
        sideNames.map((name) => {
          const { part: _, ...said } = sides[name];
          return [name, said];
        }),
      ),
      repetitions: {
        cases: all.map((one) => ({ what: Object.keys(one.tells)[0], ...of(one) })),
        rates: Object.fromEntries(rates),
      },
    };
  },
};
