import { inChild } from '../harness/part.ts';
import { median } from '../harness/statistics.ts';
import { rounded, type Sides } from '../harness/table.ts';
import type { Observed, Probe } from './probe.ts';
import type { ProbeServer } from './probe-server-process.ts';
import type { Scenario, Seen } from './scenario.ts';
import { type PeerName, peerNames, type SideName, sideNames, sides } from './sides.ts';

/** Something that goes wrong, and what the clients do. */
export interface Case {
  readonly scenario: Scenario;
  readonly probe: Omit<Probe, 'url' | 'warmUpUrl'>;
  /** The clients that have something to probe. Default: all. */
  readonly who?: readonly SideName[];
  /** Counts or waits: the clients may go at the same time. Otherwise one after another. */
  readonly together: boolean;
  /** The number that is compared; null: there is none. */
  value(measured: Measured): number | null;
  /** What is said of a client, under the words for it. */
  readonly tells: Readonly<Record<string, (measured: Measured) => string>>;
}

export interface Measured {
  readonly observed: Observed;
  readonly seen: Seen;
}

/** What the clients did in a case; absent: they have nothing to probe. */
export type Results = Readonly<Partial<Record<SideName, Measured>>>;

/** Probes the clients of a case, each in a process and on a port of its own. */
export async function runCase(server: ProbeServer, warmUpUrl: string, one: Case): Promise<Results> {
  const results: Partial<Record<SideName, Measured>> = {};
  const measure = async (name: SideName): Promise<void> => {
    const probe = (url: string): Promise<Observed> => inChild(sides[name].part, { ...one.probe, url, warmUpUrl });
    const { result: observed, seen } = await server.during(one.scenario, probe);
    results[name] = { observed, seen };
  };
  const who = one.who ?? sideNames;
  if (one.together) await Promise.all(who.map(measure));
  else for (const name of who) await measure(name);
  return results;
}

/** What is said of every client, in the order of their names. */
export const toldOf = (one: Case, results: Results): Sides['cases'] =>
  Object.entries(one.tells).map(([what, tell]) => ({
    what,
    told: sideNames.map((name) => {
      const measured = results[name];
      return measured === undefined ? '–' : tell(measured);
    }),
  }));

/** The number of ours; infinite where it did not come to an end. */
export const valueOfOurs = (one: Case, { ours }: Results): number =>
  (ours === undefined ? null : one.value(ours)) ?? Number.POSITIVE_INFINITY;

/** The peer with the smallest number. */
export function bestPeer(one: Case, results: Results): { who: PeerName; value: number } | null {
  const values = peerNames.flatMap((who) => {
    const measured = results[who];
    const value = measured === undefined ? null : one.value(measured);
    return value === null ? [] : [{ who, value }];
  });
  return values.toSorted((a, b) => a.value - b.value)[0] ?? null;
}

/** The middle of the times that were settled; null where one was not. */
export function medianMs({ observed: { ms } }: Measured): number | null {
  const settled = ms.filter((time) => time !== null);
  return settled.length < ms.length ? null : median(settled);
}

/** `1.23 ms`, or that it was given up. */
export const toldMs = (measured: Measured, limitMs: number): string => {
  const ms = medianMs(measured);
  return ms === null ? `> ${rounded(limitMs)} ms` : `${rounded(ms)} ms`;
};

/** What calls failed with, the most frequent first. */
export const errorsOf = ({ observed: { failed } }: Measured): readonly string[] =>
  Object.entries(failed)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name]) => name);

export const failuresOf = ({ observed: { failed } }: Measured): number =>
  Object.values(failed).reduce((sum, count) => sum + count, 0);

export const hangingOf = ({ observed: { ms } }: Measured): number => ms.filter((time) => time === null).length;
