import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CliError, exitCodes, usageError } from '../exit-codes.ts';
import { isRecord } from '../is-record.ts';
import { configDirectory } from './config-directory.ts';
import { type KeptLogin, readKeptLogin } from './kept-login.ts';

/** The file of the logins of this user, by the URL of the server. */
export class CredentialFile {
  readonly path: string;

  constructor(path = join(configDirectory(), 'credentials.json')) {
    this.path = path;
  }

  /** @throws CliError for a file that others can read, or that holds something else. */
  async read(url: string): Promise<KeptLogin | null> {
    return readKeptLogin((await this.#readAll())[url]);
  }

  /**
   * Changes what is kept of a server, while no other process does.
   *
   * @param next makes of what is kept now what is kept then; null: nothing. Where it throws everything stays.
   */
  async change(url: string, next: (present: KeptLogin | null) => Promise<KeptLogin | null>): Promise<KeptLogin | null> {
    const { withFileLock } = await import('./file-lock.ts');
    await this.#orSay(() => mkdir(dirname(this.path), { recursive: true, mode: 0o700 }));
    return withFileLock(`${this.path}.lock`, async () => {
      const present = await this.read(url);
      const then = await next(present);
      if (then !== present) {
        const { [url]: _, ...others } = await this.#readAll();
        await this.#writeAll(then === null ? others : { ...others, [url]: then });
      }
      return then;
    });
  }

  async #readAll(): Promise<Record<string, unknown>> {
    const content = await this.#readPrivate();
    if (content === null) return {};
    let held: unknown;
    try {
      held = JSON.parse(content);
    } catch {
      // What is wrong where would show a piece of it.
    }
    if (isRecord(held) && isRecord(held.servers)) return held.servers;
    throw usageError(`${this.path} does not hold logins of ordinaut; delete it and log in again.`);
  }

  /** Its content; null where there is none. */
  async #readPrivate(): Promise<string | null> {
    try {
      await using file = await open(this.path, 'r');
      const { mode } = await file.stat();
      // Windows has no such bits: there %APPDATA% is its owner's.
      if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
        throw usageError(`Others can read ${this.path}, which holds your logins. Run "chmod 600 ${this.path}".`);
      }
      return await file.readFile('utf8');
    } catch (error) {
      if (error instanceof CliError) throw error;
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw usageError(
        `${this.path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
        error,
      );
    }
  }

  /** A reader sees the old file or the new one, and never a half. */
  async #writeAll(servers: Record<string, unknown>): Promise<void> {
    await this.#orSay(async () => {
      if (Object.keys(servers).length === 0) return rm(this.path, { force: true });
      const draft = `${this.path}.${randomUUID()}`;
      try {
        await writeFile(draft, `${JSON.stringify({ servers }, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true });
        await rename(draft, this.path);
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    });
  }

  async #orSay(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CliError(exitCodes.failed, `The login cannot be kept in ${this.path}: ${reason}.`, { cause });
    }
  }
}
