import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Benchmark } from '../harness/benchmark.ts';
import { atLeastTimes, shown } from '../harness/figure.ts';
import { measure, type Side, withServer } from '../harness/http-side.ts';
import { withDirectory } from '../harness/scratch-directory.ts';
import { freePort, serverCommand } from '../harness/server-process.ts';
import { median } from '../harness/statistics.ts';

const TIMES = 0.95;
const CONNECTIONS = 50;
const PATH = '/system/mode';
/** Three that monitor, one that sends, and one that hangs. */
const PLUGINS = 'counting,averaging,batching,sending,stuck';

/** What plugins that hear of every request take from its throughput: nothing that is seen, also while one of them hangs. */
export const plugins: Benchmark = {
  name: 'plugins',
  title: 'requests a second with five event plugins, one of them stuck, beside the same server without plugins',
  async run({ quick, say }) {
    const rounds = quick ? 1 : 7;
    const seconds = quick ? 1 : 5;
    const rates = { plugins: [] as number[], without: [] as number[] };
    const p99 = { plugins: [] as number[], without: [] as number[] };
    await withDirectory(async (root) => {
      const side = async (name: string, more: Record<string, string>): Promise<Side> => {
        const port = await freePort();
        const env = {
          ORDINAUT_DATA_DIR: join(root, name),
          ORDINAUT_PORT: String(port),
          ORDINAUT_LOG_LEVEL: 'error',
          ORDINAUT_RATE_LIMIT: 'off',
          ...more,
        };
        return { command: serverCommand('start'), env, port };
      };
      const folder = fileURLToPath(new URL('../ours/plugins', import.meta.url));
      const withPlugins = await side('with', { ORDINAUT_PLUGINS_DIR: folder, ORDINAUT_ACTIVE_PLUGINS: PLUGINS });
      const without = await side('without', {});
      await withServer(withPlugins, PATH, () =>
        withServer(without, PATH, async () => {
          const load = (time = seconds) => ({ path: PATH, connections: CONNECTIONS, seconds: time });
          for (const { port } of [withPlugins, without]) await measure(port, load(quick ? 1 : 3));
          for (let round = 1; round <= rounds; round++) {
            const loaded = await measure(withPlugins.port, load());
            const bare = await measure(without.port, load());
            rates.plugins.push(loaded.rate);
            rates.without.push(bare.rate);
            p99.plugins.push(loaded.p99);
            p99.without.push(bare.p99);
            say(`round ${round} of ${rounds}`);
          }
        }),
      );
    });
    const who = 'without';
    return {
      figures: [
        atLeastTimes({ what: 'with five plugins', value: median(rates.plugins), unit: '/s' }, TIMES, {
          who,
          value: median(rates.without),
        }),
        shown(
          { what: 'p99 with five plugins', value: median(p99.plugins), unit: 'ms' },
          { who, value: median(p99.without) },
        ),
      ],
      notes: [
        `${rounds} rounds in turns of ${seconds} s each, ${CONNECTIONS} connections by autocannon in the process of the benchmark; medians.`,
        'Four plugins hear of every request (one counts, one is async, one gathers batches, one hangs until it is given up after 10 s), one of the events of handlers.',
      ],
      setup: { connections: CONNECTIONS, seconds, rounds, path: PATH, plugins: PLUGINS },
      repetitions: { rates, p99 },
    };
  },
};
