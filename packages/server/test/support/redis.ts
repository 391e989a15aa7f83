import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from './postgres.ts';

/** URL of the Redis server the tests use: what answers at REDIS_URL or 127.0.0.1:6379; null: none does. */
export async function findRedis(): Promise<string | null> {
  for (const url of [...(process.env.REDIS_URL ? [process.env.REDIS_URL] : []), 'redis://127.0.0.1:6379']) {
    if (await answers(url)) return url;
  }
  return null;
}

async function answers(url: string): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 2000 });
  redis.on('error', () => {
    // The command tells of it.
  });
  try {
    await redis.connect();
    await redis.ping();
    return true;
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}

export interface PrivateRedis {
  readonly url: string;
  /** Ends the server at once. */
  halt(): Promise<void>;
  /** Starts it again on the same port, with what it had stored. */
  resume(): Promise<void>;
  /** Ends it for good and removes its files. */
  stop(): Promise<void>;
}

/** A Redis server of one test, which it may break; null where the program is not installed. */
export async function privateRedis(): Promise<PrivateRedis | null> {
  if (spawnSync('redis-server', ['--version']).status !== 0) return null;
  const directory = mkdtempSync(join(tmpdir(), 'ordinaut-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const args = [
    '--port',
    String(port),
    '--dir',
    directory,
    '--save',
    '',
    '--appendonly',
    'yes',
    '--appendfsync',
    'always',
  ];
  let server: ChildProcess;
  const resume = async () => {
    server = spawn('redis-server', args, { stdio: 'ignore' });
    for (const deadline = Date.now() + 20_000; !(await answers(url)); ) {
      if (Date.now() > deadline || server.exitCode !== null) throw new Error('The private Redis did not start.');
    }
  };
  const halt = async () => {
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };
  await resume();
  return {
    url,
    halt,
    resume,
    async stop() {
      if (server.exitCode === null && server.signalCode === null) await halt();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
