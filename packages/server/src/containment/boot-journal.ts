import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';

/** An extension or plugin that was being started, or had its code on the stack, when its process ended. */
export interface Suspect {
  readonly id: string;
  readonly reason: string;
}

/**
 * Remembers across a crash who was being started: a file for each start under way, written before its code runs and taken
 * away after. A file whose process is gone names who took it along.
 *
 * Written synchronously, because nothing else is sure to be written before a process ends. It is not synced to the disk: what
 * matters is the end of the process, not of the machine.
 */
export class BootJournal {
  readonly #directory: string;
  readonly #what: 'extension' | 'plugin';
  readonly #logger: Logger;

  /** @param directory a folder of its own inside the data directory. @param what is noted in it, for the sentences. */
  constructor(directory: string, what: 'extension' | 'plugin', logger: Logger) {
    this.#directory = directory;
    this.#what = what;
    this.#logger = logger;
  }

  /** Takes what a process left behind that is gone; once, before anything is activated. */
  takeSuspects(): Suspect[] {
    const suspects: Suspect[] = [];
    for (const file of this.#files()) {
      const [, id, pid] = /^(.+)\.(\d+)$/.exec(file) ?? [];
      if (id === undefined || (Number(pid) !== process.pid && isAlive(Number(pid)))) continue;
      suspects.push({ id, reason: this.#reasonOf(file) });
      rmSync(join(this.#directory, file), { force: true });
    }
    return suspects;
  }

  /** Before its code runs for the first time. */
  begin(id: string): void {
    this.#write(id, `The process ended while this ${this.#what} was being started.`);
  }

  end(id: string): void {
    rmSync(this.#fileOf(id), { force: true });
  }

  /** At the end of the process, called from its code: the others that are being started have no part in it. */
  exited(id: string): void {
    for (const file of this.#files()) {
      if (file.endsWith(`.${process.pid}`)) rmSync(join(this.#directory, file), { force: true });
    }
    this.#write(id, 'Its code ended the process with process.exit().');
  }

  #write(id: string, reason: string): void {
    try {
      mkdirSync(this.#directory, { recursive: true });
      writeFileSync(this.#fileOf(id), reason);
    } catch (error) {
      // Without it the extension still works; only a crash would not be remembered.
      this.#logger.warn({ err: error, [this.#what]: id }, 'that it is being started could not be noted');
    }
  }

  #files(): string[] {
    try {
      return readdirSync(this.#directory);
    } catch {
      return [];
    }
  }

  #reasonOf(file: string): string {
    try {
      return readFileSync(join(this.#directory, file), 'utf8');
    } catch (error) {
      return messageOf(error);
    }
  }

  #fileOf(id: string): string {
    return join(this.#directory, `${id}.${process.pid}`);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
