import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Benchmark } from '../harness/benchmark.ts';
import { writeExtension } from '../harness/extensions.ts';
import { atLeastTimes, shown } from '../harness/figure.ts';
import { measure, type Side, withServer } from '../harness/http-side.ts';
import { withDirectory } from '../harness/scratch-directory.ts';
import { freePort, serverCommand } from '../harness/server-process.ts';
import { median } from '../harness/statistics.ts';

const TIMES = 0.8;
const CONNECTIONS = 50;
const PATH = '/ext/x/hello';

/** The way of a request to an extension: identity, limits, attribution and metrics around the extension's own route. */
export const route: Benchmark = {
  name: 'route',
  title: 'requests a second for a route of an extension, beside the same handler on bare Fastify',
  async run({ quick, say }) {
    const rounds = quick ? 1 : 7;
    const seconds = quick ? 1 : 5;
    const rates = { ours: [] as number[], bare: [] as number[], core: [] as number[] };
    const p99 = { ours: [] as number[], bare: [] as number[] };
    await withDirectory(async (root) => {
      const folder = join(root, 'extensions');
      writeExtension(folder, 'x');
      const ports = { ours: await freePort(), bare: await freePort() };
      const ours: Side = {
        command: serverCommand('start'),
        env: {
          ORDINAUT_DATA_DIR: join(root, 'data'),
          ORDINAUT_PORT: String(ports.ours),
          ORDINAUT_EXT_PATHS: folder,
          // Every request is counted, and none refused.
          ORDINAUT_RATE_LIMIT: '999999999/1h',
        },
        port: ports.ours,
      };
      const peer = fileURLToPath(new URL('../peers/fastify.ts', import.meta.url));
      const bare: Side = { command: [peer, String(ports.bare)], env: {}, port: ports.bare };
      await withServer(ours, PATH, () =>
        withServer(bare, PATH, async () => {
          const load = (path: string, time = seconds) => ({ path, connections: CONNECTIONS, seconds: time });
          // Both warm, and the extension loaded.
          for (const port of [ports.ours, ports.bare]) await measure(port, load(PATH, quick ? 1 : 3));
          for (let round = 1; round <= rounds; round++) {
            const ofOurs = await measure(ports.ours, load(PATH));
            const ofBare = await measure(ports.bare, load(PATH));
            rates.ours.push(ofOurs.rate);
            rates.bare.push(ofBare.rate);
            p99.ours.push(ofOurs.p99);
            p99.bare.push(ofBare.p99);
            rates.core.push((await measure(ports.ours, load('/health/live'))).rate);
            say(`round ${round} of ${rounds}`);
          }
        }),
      );
    });
    const bareRate = { who: 'bare Fastify', value: median(rates.bare) };
    return {
      figures: [
        atLeastTimes({ what: 'route of an extension', value: median(rates.ours), unit: '/s' }, TIMES, bareRate),
        shown(
          { what: 'its p99', value: median(p99.ours), unit: 'ms' },
          { who: 'bare Fastify', value: median(p99.bare) },
        ),
        shown({ what: 'a route of the core (/health/live)', value: median(rates.core), unit: '/s' }, bareRate),
      ],
      notes: [
        `${rounds} rounds in turns of ${seconds} s each, ${CONNECTIONS} connections by autocannon in the process of the benchmark; medians.`,
      ],
      setup: { connections: CONNECTIONS, seconds, rounds, path: PATH },
      repetitions: { rates, p99 },
    };
  },
};
