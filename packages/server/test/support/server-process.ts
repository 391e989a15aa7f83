import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { api, environmentOf, type TestApi } from './server.ts';
import type { TestPlace } from './stores.ts';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface ServerProcess extends TestApi {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Everything it has written to standard error. */
  readonly errors: () => string;
  /** The first line of its log that fits, also one that is still to come. */
  logged(fits: (entry: LogEntry) => boolean): Promise<LogEntry>;
  /** Kills it with SIGKILL and waits until it is gone. */
  kill(): Promise<void>;
  /** Sends a signal and waits until it has ended; answers its exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

export type LogEntry = Readonly<Record<string, unknown>> & { readonly msg?: string; readonly url?: string };

function spawnChild(place: TestPlace, extra: Record<string, string>) {
  const { PATH, HOME } = process.env;
  return spawn(process.execPath, ['--conditions=ordinaut-source', main, 'serve'], {
    env: { PATH, HOME, ...environmentOf(place, { ORDINAUT_LOG_LEVEL: 'info', ...extra }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Starts the command line and kills it after some milliseconds, ready or not. */
export async function spawnAndKill(place: TestPlace, afterMs: number): Promise<void> {
  const child = spawnChild(place, {});
  child.stdout.resume();
  child.stderr.resume();
  const ended = once(child, 'exit');
  const timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
  await ended;
  clearTimeout(timer);
}

/** Starts the command line as a process of its own; answers when it has ended or says that it is ready. */
export async function spawnServer(place: TestPlace, extra: Record<string, string> = {}): Promise<ServerProcess> {
  const child = spawnChild(place, extra);
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const ended = once(child, 'exit');
  const ready = Promise.withResolvers<string>();
  const log: LogEntry[] = [];
  const readers = new Set<() => void>();
  createInterface(child.stdout).on('line', (line) => {
    const entry: LogEntry = line.startsWith('{') ? JSON.parse(line) : { msg: line };
    log.push(entry);
    for (const look of readers) look();
    if (entry.msg === 'ordinaut is ready') ready.resolve(entry.url ?? '');
  });
  void ended.then(([code]) => ready.reject(new Error(`The server ended with ${code}: ${errors}`)));
  const url = await ready.promise;
  return Object.assign(api(url), {
    child,
    pid: child.pid!,
    errors: () => errors,
    logged: (fits: (entry: LogEntry) => boolean) =>
      new Promise<LogEntry>((resolve) => {
        const look = () => {
          const found = log.find(fits);
          if (found === undefined) return;
          readers.delete(look);
          resolve(found);
        };
        readers.add(look);
        look();
      }),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async end(signal: NodeJS.Signals = 'SIGTERM') {
      child.kill(signal);
      const [code] = (await ended) as [number | null];
      return code;
    },
  });
}
