import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';

export const root = join(import.meta.dirname, '../../..');

export interface Program {
  readonly child: ChildProcess;
  /** Everything it has written, a line each. */
  readonly lines: readonly string[];
  /** The first line that fits, also one that is still to come. @throws Error where it ends without one. */
  line(fits: RegExp): Promise<string>;
  /** Its exit code, when it has ended. */
  readonly ended: Promise<number | null>;
  /** Sends a signal and waits until it has ended; answers its exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Every program that was started and may still run. */
const running = new Set<ChildProcess>();

/** Ends what a test has left running. */
export async function endPrograms(): Promise<void> {
  await Promise.all(
    [...running].map(async (child) => {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    }),
  );
}

/** The settings of an example: nothing of this process's own. */
const environment = (extra: Readonly<Record<string, string>>) => ({
  PATH: process.env.PATH,
  HOME: join(root, 'node_modules/.nobodys-home'),
  ...extra,
});

/** Starts a program of the examples with the sources of the SDK. @param file below `examples`. */
export function start(file: string, args: readonly string[], env: Readonly<Record<string, string>>): Program {
  const path = join(root, 'examples', file);
  return watched(
    spawn(process.execPath, ['--conditions=ordinaut-source', path, ...args], { cwd: root, env: environment(env) }),
  );
}

/** Runs one to its end, and gives what it has written. @throws Error where it does not end with 0. */
export async function run(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const program = start(file, args, env);
  const code = await program.ended;
  if (code !== 0) throw new Error(`${file} ended with ${code}:\n${program.lines.join('\n')}`);
  return program.lines;
}

function watched(child: ReturnType<typeof spawn>): Program {
  running.add(child);
  const ended = once(child, 'close').then(([code]: (number | null)[]) => {
    running.delete(child);
    return code ?? null;
  });
  const lines: string[] = [];
  const readers = new Set<() => void>();
  let isOver = false;
  const tell = () => {
    for (const look of [...readers]) look();
  };
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface(stream).on('line', (line) => {
      lines.push(line);
      tell();
    });
  }
  void ended.then(() => {
    isOver = true;
    tell();
  });
  return {
    child,
    lines,
    line: (fits) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = lines.find((line) => fits.test(line));
          if (found === undefined && !isOver) return;
          readers.delete(look);
          if (found === undefined) reject(new Error(`It ended without ${fits}:\n${lines.join('\n')}`));
          else resolve(found);
        };
        readers.add(look);
        look();
      }),
    ended,
    end(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
  };
}

/** Runs commands of a manual in a shell, with the programs of the checkout; gives what they write. */
export async function shell(
  commands: string,
  env: Readonly<Record<string, string>>,
  replaced: readonly (readonly [string, string])[],
): Promise<string> {
  const node = `"${process.execPath}"`;
  const ordinaut = `${node} "${join(root, 'packages/server/bin/ordinaut.js')}"`;
  let script = commands.replaceAll('npx ordinaut', ordinaut).replaceAll('npx node', node);
  for (const [from, to] of replaced) script = script.replaceAll(from, to);
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], { cwd: root, env: environment(env) });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (code !== 0) throw new Error(`The shell ended with ${code}:\n${script}\n${stdout}\n${stderr}`);
  return stdout;
}
