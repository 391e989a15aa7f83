import { inChild } from '../harness/part.ts';
import { bareFetch } from '../peers/fetch.ts';
import { bareUndici } from '../peers/undici.ts';
import type { ProbeServer } from './probe-server-process.ts';
import { sideNames, sides } from './sides.ts';

const parts = {
  ...Object.fromEntries(sideNames.map((name) => [name, sides[name].part])),
  'bare fetch': bareFetch,
  'bare undici': bareUndici,
};

/** Calls a second of every client, and of what they are built on, in turns; each in a process of its own. */
export async function ratesOf(
  server: ProbeServer,
  warmUpUrl: string,
  { rounds, calls }: { rounds: number; calls: number },
): Promise<ReadonlyMap<string, readonly number[]>> {
  const rates = new Map<string, number[]>(Object.keys(parts).map((name) => [name, []]));
  for (let round = 1; round <= rounds; round += 1)
    for (const [name, part] of Object.entries(parts)) {
      const { result } = await server.during({ is: 'fine', delayMs: 0 }, (url) =>
        inChild(part, { name: 'rate', url, warmUpUrl, settings: {}, count: calls, limitMs: 60_000 }),
      );
      const ms = result.ms[0];
      if (typeof ms !== 'number' || result.succeeded !== 1)
        throw new Error(`${name} did not make its ${calls} calls: ${JSON.stringify(result)}`);
      rates.get(name)!.push((calls / ms) * 1000);
    }
  return rates;
}
