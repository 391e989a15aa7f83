import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf } from '../../kernel/errors.ts';
import { primaryCode } from './protocol.ts';

const SQLITE_BUSY = 5;

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

  /** @throws Error naming the pid of the process that has the directory, or why the directory cannot be written. */
  acquire(): void {
    if (this.#lock !== null) return;
    const pidFile = join(this.#directory, 'ordinaut.pid');
    let lock: DatabaseSync | null = null;
    try {
      makeDirectory(resolve(this.#directory));
      lock = new DatabaseSync(join(this.#directory, 'ordinaut.lock'), { timeout: 0 });
      lock.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
      writeFileSync(pidFile, `${process.pid}\n`);
    } catch (error) {
      lock?.close();
      throw new Error(this.#refusal(error, pidFile), { cause: error });
    }
    this.#lock = lock;
  }

  release(): void {
    this.#lock?.close();
    this.#lock = null;
  }

  #refusal(error: unknown, pidFile: string): string {
    const errcode = error instanceof Error && 'errcode' in error ? Number(error.errcode) : null;
    if (primaryCode(errcode) === SQLITE_BUSY) {
      return `The data directory ${this.#directory} is in use by process ${readPid(pidFile)}. Stop that process, or choose another directory with ORDINAUT_DATA_DIR.`;
    }
    return `The data directory ${this.#directory} cannot be used: ${messageOf(error)}. See that this user may write to it and that the disk has space, or choose another directory with ORDINAUT_DATA_DIR.`;
  }
}

/** Level by level: the recursive way of Node never ends where a level says it is not there although it was just made (/proc). */
function makeDirectory(directory: string): void {
  if (existsSync(directory) && statSync(directory).isDirectory()) return;
  makeDirectory(dirname(directory));
  mkdirSync(directory, { mode: 0o700 });
}

function readPid(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '(unknown)';
  }
}
