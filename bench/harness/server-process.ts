import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { undoing } from './undo.ts';

const server = (path: string): string => fileURLToPath(new URL(`../../packages/server/${path}`, import.meta.url));

/** The two ways to start the server: as `npm start` does, which uses the bundle where there is one, and from its sources. */
const programs = {
  start: [server('bin/ordinaut.js')],
  sources: ['--conditions=ordinaut-source', server('src/main.ts')],
} as const;
export type Program = keyof typeof programs;

/** The arguments of Node that start the server. */
export const serverCommand = (program: Program): readonly string[] => [...programs[program], 'serve'];

const LIMIT_MS = 60_000;
const LOOK_MS = 2;

export interface Boot {
  /** From the start of the process until `GET /health/ready` answers 200. */
  readonly seconds: number;
  /** Memory of the process at that moment, 10^6 bytes. */
  readonly rssMb: number;
  /** From SIGTERM until the process has ended. */
  readonly stopSeconds: number;
  /** Whether it ran the bundle; `npm start` does while no source is newer. */
  readonly bundled: boolean;
}

/** Says what `npm start` has run. */
export const bundleNote = (boots: readonly Boot[]): string =>
  boots.every((boot) => boot.bundled)
    ? 'npm start ran the bundle.'
    : 'npm start ran the sources, as a source is newer than the bundle or there is none: `npm run prepare` makes one.';

/** Starts the server as a user does, on a data directory, measures, and stops it. */
export async function bootServer(
  directory: string,
  program: Program = 'start',
  settings: Readonly<Record<string, string>> = {},
): Promise<Boot> {
  const port = await freePort();
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !isSetting(name)));
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...serverCommand(program)], {
    env: { ...env, ORDINAUT_PORT: String(port), ORDINAUT_DATA_DIR: directory, ...settings },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  return undoing(
    async () => {
      while (!(await isReady(port))) {
        if (child.exitCode !== null)
          throw new Error(`The server ended with exit code ${child.exitCode} before it was ready.`);
        if (performance.now() - startedAt > LIMIT_MS)
          throw new Error(`The server was not ready after ${LIMIT_MS / 1000} s.`);
        await sleep(LOOK_MS);
      }
      const seconds = (performance.now() - startedAt) / 1000;
      const rssMb = rssOf(child.pid!) / 1e6;
      const bundled = !commandOf(child.pid!).includes('src/main.ts');
      const stoppingAt = performance.now();
      child.kill('SIGTERM');
      await exited;
      return { seconds, rssMb, stopSeconds: (performance.now() - stoppingAt) / 1000, bundled };
    },
    async () => {
      child.kill('SIGKILL');
      await exited;
    },
  );
}

/** Settings of the caller would make another server of it. */
const isSetting = (name: string): boolean => /^ORDINAUT_|^DATABASE_URL$|^REDIS_URL$/.test(name);

const isReady = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path: '/health/ready', agent: false }, (answer) => {
      answer.resume();
      answer.once('end', () => resolve(answer.statusCode === 200));
      answer.once('error', () => resolve(false));
    });
    asked.once('error', () => resolve(false));
    asked.end();
  });

/** Resident memory of a process in bytes: `VmRSS` of proc(5), elsewhere what `ps` says. */
function rssOf(pid: number): number {
  const file = `/proc/${pid}/status`;
  const text = existsSync(file)
    ? /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(file, 'utf8'))?.[1]
    : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' });
  return Number(text) * 1024;
}

/** The command line of a process, which changes when it becomes another program: `cmdline` of proc(5), elsewhere what `ps` says. */
function commandOf(pid: number): string {
  const file = `/proc/${pid}/cmdline`;
  return existsSync(file)
    ? readFileSync(file, 'utf8')
    : execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
}

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('There is no free port.');
  return address.port;
}
