import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/**
 * Runs the tests in this folder with the Node that this program runs on: `node --test` of an older one finds no test in
 * TypeScript and calls that a success.
 *
 * @param flags of `node --test`, and files.
 * @returns the exit code.
 */
export async function runTests(flags: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, '--test', ...flags], { stdio: 'inherit' });
  // A terminal sends Ctrl+C to the child as well; this process waits for its end.
  const wait = () => {};
  const end = () => void child.kill('SIGTERM');
  process.on('SIGINT', wait).on('SIGTERM', end);
  try {
    return await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
  } finally {
    process.off('SIGINT', wait).off('SIGTERM', end);
  }
}
