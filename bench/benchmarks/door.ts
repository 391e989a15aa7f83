import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Benchmark } from '../harness/benchmark.ts';
import { atLeastTimes, shown } from '../harness/figure.ts';
import { measure, type Side, withServer } from '../harness/http-side.ts';
import { withDirectory } from '../harness/scratch-directory.ts';
import { freePort, serverCommand } from '../harness/server-process.ts';
import { median } from '../harness/statistics.ts';

/** A request may take 15 % longer: 1 / 1.15. */
const TIMES = 0.87;
const CONNECTIONS = 50;
const PATH = '/system/mode';
const PASSWORD = 'only for this benchmark';

/** What it costs that every request is looked at: whose page, who, how often, may they, and the headers of the answer. */
export const door: Benchmark = {
  name: 'door',
  title:
    'requests a second for a route of the core with an access token, beside the same route without identity, rates and headers',
  async run({ quick, say }) {
    const rounds = quick ? 1 : 7;
    const seconds = quick ? 1 : 5;
    const rates = { token: [] as number[], key: [] as number[], without: [] as number[] };
    const p99 = { token: [] as number[], without: [] as number[] };
    await withDirectory(async (root) => {
      const ports = { ours: await freePort(), without: await freePort() };
      const ours: Side = {
        command: serverCommand('start'),
        env: {
          ORDINAUT_DATA_DIR: join(root, 'data'),
          ORDINAUT_PORT: String(ports.ours),
          ORDINAUT_AUTH: 'required',
          ORDINAUT_ADMIN_PASSWORD: PASSWORD,
          // Every request is counted, and none refused.
          ORDINAUT_RATE_LIMIT: '999999999/1h',
        },
        port: ports.ours,
      };
      const path = fileURLToPath(new URL('../ours/without-door.ts', import.meta.url));
      const command = ['--conditions=ordinaut-source', path, String(ports.without)];
      const without: Side = { command, env: {}, port: ports.without };
      await withServer(ours, PATH, () =>
        withServer(without, PATH, async () => {
          const token = { authorization: `Bearer ${await logIn(ports.ours)}` };
          const key = { 'x-api-key': await newKey(ports.ours, token) };
          const load = (headers: Record<string, string>, time = seconds) => ({
            path: PATH,
            connections: CONNECTIONS,
            seconds: time,
            headers,
          });
          for (const port of [ports.ours, ports.without]) await measure(port, load(token, quick ? 1 : 3));
          for (let round = 1; round <= rounds; round++) {
            const withToken = await measure(ports.ours, load(token));
            // The same bytes come in: reading them is no part of the door.
            const bare = await measure(ports.without, load(token));
            rates.token.push(withToken.rate);
            rates.without.push(bare.rate);
            p99.token.push(withToken.p99);
            p99.without.push(bare.p99);
            rates.key.push((await measure(ports.ours, load(key))).rate);
            say(`round ${round} of ${rounds}`);
          }
        }),
      );
    });
    const beside = { who: 'without', value: median(rates.without) };
    return {
      figures: [
        atLeastTimes({ what: 'with an access token', value: median(rates.token), unit: '/s' }, TIMES, beside),
        shown({ what: 'with an API key', value: median(rates.key), unit: '/s' }, beside),
        shown(
          { what: 'p99 with an access token', value: median(p99.token), unit: 'ms' },
          { who: 'without', value: median(p99.without) },
        ),
      ],
      notes: [
        `${rounds} rounds in turns of ${seconds} s each, ${CONNECTIONS} connections by autocannon in the process of the benchmark; medians.`,
        'To reach: a request may take 15 % longer, which is 0.87 times the rate.',
      ],
      setup: { connections: CONNECTIONS, seconds, rounds, path: PATH },
      repetitions: { rates, p99 },
    };
  },
};

async function logIn(port: number): Promise<string> {
  const { access_token } = await post(port, '/auth/token', { username: 'admin', password: PASSWORD }, {});
  return String(access_token);
}

async function newKey(port: number, headers: Record<string, string>): Promise<string> {
  const { api_key } = await post(port, '/auth/api-keys', { name: 'benchmark' }, headers);
  return String(api_key);
}

async function post(port: number, path: string, body: object, headers: Record<string, string>) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`POST ${path} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Record<string, unknown>;
}
