import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import autocannon from 'autocannon';
import type { Benchmark } from '../harness/benchmark.ts';
import { writeExtension } from '../harness/extensions.ts';
import { atLeastTimes, shown } from '../harness/figure.ts';
import { withDirectory } from '../harness/scratch-directory.ts';
import { freePort, serverCommand } from '../harness/server-process.ts';
import { median } from '../harness/statistics.ts';
import { undoing } from '../harness/undo.ts';

const TIMES = 0.8;
const CONNECTIONS = 50;
const PATH = '/ext/x/hello';
const LIMIT_MS = 30_000;

interface Side {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly port: number;
}

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
        env: { ORDINAUT_DATA_DIR: join(root, 'data'), ORDINAUT_PORT: String(ports.ours), ORDINAUT_EXT_PATHS: folder },
        port: ports.ours,
      };
      const peer = fileURLToPath(new URL('../peers/fastify.ts', import.meta.url));
      const bare: Side = { command: [peer, String(ports.bare)], env: {}, port: ports.bare };
      await withServer(ours, () =>
        withServer(bare, async () => {
          // Both warm, and the extension loaded.
          for (const port of [ports.ours, ports.bare]) await measure(port, PATH, quick ? 1 : 3);
          for (let round = 1; round <= rounds; round++) {
            const ofOurs = await measure(ports.ours, PATH, seconds);
            const ofBare = await measure(ports.bare, PATH, seconds);
            rates.ours.push(ofOurs.rate);
            rates.bare.push(ofBare.rate);
            p99.ours.push(ofOurs.p99);
            p99.bare.push(ofBare.p99);
            rates.core.push((await measure(ports.ours, '/health/live', seconds)).rate);
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

async function measure(port: number, path: string, seconds: number): Promise<{ rate: number; p99: number }> {
  const url = `http://127.0.0.1:${port}${path}`;
  const result = await autocannon({ url, connections: CONNECTIONS, duration: seconds });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} answers were no success, ${result.errors} requests failed.`);
  return { rate: result.requests.total / result.duration, p99: result.latency.p99 };
}

/** Runs `work` while a server of its own process answers. */
async function withServer(side: Side, work: () => Promise<void>): Promise<void> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ORDINAUT_')));
  const child: ChildProcess = spawn(process.execPath, [...side.command], {
    env: { ...env, ...side.env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  await undoing(
    async () => {
      await answering(side.port);
      await work();
    },
    async () => {
      child.kill('SIGKILL');
      await exited;
    },
  );
}

async function answering(port: number): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (performance.now() < deadline) {
    const answer = await fetch(`http://127.0.0.1:${port}${PATH}`).catch(() => null);
    if (answer?.ok) return;
    await sleep(20);
  }
  throw new Error(`Nothing answers on port ${port}.`);
}
