import { setTimeout as delay } from 'node:timers/promises';
import { CliError, exitCodes } from '../exit-codes.ts';

const SQLITE_BUSY = 5;
const LOOK_EVERY_MS = 50;
/** Longer than a process takes that waits for a slow server while it has the lock. */
const PATIENCE_MS = 60_000;

/**
 * Does something while no other process does it. The lock is an exclusive transaction on an empty SQLite file, as that of the data
 * directory: the kernel takes it back when the process dies in whatever way, so there is no stale lock to clear.
 *
 * @throws CliError where the file cannot be made, or another process keeps it.
 */
export async function withFileLock<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  const { DatabaseSync } = await import('node:sqlite');
  let lock: InstanceType<typeof DatabaseSync>;
  try {
    lock = new DatabaseSync(path, { timeout: 0 });
  } catch (error) {
    throw cannotLock(path, error);
  }
  try {
    for (const until = performance.now() + PATIENCE_MS; !take(lock, path); ) {
      if (performance.now() > until) {
        throw new CliError(exitCodes.failed, `Another ordinaut has had ${path} for a minute; stop it and try again.`);
      }
      await delay(LOOK_EVERY_MS);
    }
    return await work();
  } finally {
    lock.close();
  }
}

/** @returns false where another process has it. */
function take(lock: { exec(sql: string): void }, path: string): boolean {
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : null;
    if (code === SQLITE_BUSY) return false;
    throw cannotLock(path, error);
  }
}

const cannotLock = (path: string, cause: unknown): CliError =>
  new CliError(exitCodes.failed, `${path} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}.`, {
    cause,
  });
