import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

export const program = fileURLToPath(new URL('../../bin/ordinaut.js', import.meta.url));

/** Nobody is at home there: no test sees or touches the logins of whoever runs it. */
const nobodysHome = join(tmpdir(), `ordinaut-nobodys-home-${process.pid}`);

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real program to its end, with nothing of this process's settings. */
export async function runCli(
  args: readonly string[],
  options: { env?: Record<string, string>; input?: string; cwd?: string } = {},
): Promise<CliResult> {
  const child = startCli(args, options);
  child.stdin.end(options.input ?? '');
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}

/** Starts the real program. */
export function startCli(
  args: readonly string[],
  { env = {}, cwd }: { env?: Record<string, string>; cwd?: string } = {},
) {
  return spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env.PATH, HOME: nobodysHome, TMPDIR: process.env.TMPDIR, ...env },
    stdio: 'pipe',
    ...(cwd === undefined ? {} : { cwd }),
  });
}
