import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import { undoing } from './undo.ts';

const LIMIT_MS = 30_000;

/** A server in a process of its own. */
export interface Side {
  /** Arguments of Node. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly port: number;
}

export interface Load {
  readonly path: string;
  readonly connections: number;
  readonly seconds: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Loads a port with requests by autocannon, in this process. @throws Error where an answer is no success. */
export async function measure(
  port: number,
  { path, connections, seconds, headers = {} }: Load,
): Promise<{ rate: number; p99: number }> {
  const url = `http://127.0.0.1:${port}${path}`;
  const result = await autocannon({ url, connections, duration: seconds, headers: { ...headers } });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} answers were no success, ${result.errors} requests failed.`);
  return { rate: result.requests.total / result.duration, p99: result.latency.p99 };
}

/** Runs `work` while a server answers at a path, whatever its answer is. */
export async function withServer(side: Side, path: string, work: () => Promise<void>): Promise<void> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ORDINAUT_')));
  const child: ChildProcess = spawn(process.execPath, [...side.command], {
    env: { ...env, ...side.env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  await undoing(
    async () => {
      await answering(side.port, path);
      await work();
    },
    async () => {
      child.kill('SIGKILL');
      await exited;
    },
  );
}

async function answering(port: number, path: string): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (performance.now() < deadline) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => null);
    if (answer !== null && answer.status < 500) return;
    await sleep(20);
  }
  throw new Error(`Nothing answers on port ${port}.`);
}
