import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Keeps a second process off a data directory. The lock is an exclusive transaction on a small SQLite file: the kernel
 * takes it back when the process dies in whatever way, so there is no stale lock to clear. The pid stands beside it only to
 * be named in the refusal.
 */
export class DirectoryLock {
  readonly #directory: string;
  #lock: DatabaseSync | null = null;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @throws Error naming the pid of the process that has the directory. */
  acquire(): void {
    if (this.#lock !== null) return;
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    const pidFile = join(this.#directory, 'ordinaut.pid');
    const lock = new DatabaseSync(join(this.#directory, 'ordinaut.lock'), { timeout: 0 });
    try {
      lock.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
    } catch (error) {
      lock.close();
      throw new Error(
        `The data directory ${this.#directory} is in use by process ${readPid(pidFile)}. Stop that process, or choose another directory with ORDINAUT_DATA_DIR.`,
        { cause: error },
      );
    }
    this.#lock = lock;
    writeFileSync(pidFile, `${process.pid}\n`);
  }

  release(): void {
    this.#lock?.close();
    this.#lock = null;
  }
}

function readPid(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '(unknown)';
  }
}
