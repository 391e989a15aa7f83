import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../kernel/clock.ts';
import { newId, newToken } from '../kernel/ids.ts';
import type { PasswordHasher } from './password-hash.ts';
import { keyOf, type PrincipalRepository } from './principal-repository.ts';
import { newPassword } from './random-secret.ts';

const NAME = 'admin';

/** The user that the first start has made. */
export interface FirstAdmin {
  readonly username: string;
  /** The random password and the file that keeps it; null where the settings gave one. */
  readonly random: { readonly password: string; readonly file: string } | null;
}

/**
 * Makes the user `admin` in a database without users and agents, so that there is somebody to log in as. The password is written
 * before the user is made, under a name of its own: one that nobody can read would lock everybody out, and of two processes that start
 * at once the slower one must not take the file of the other.
 *
 * @param options.password null: a random one, kept in `file`, which its owner alone can read.
 * @returns null where there is somebody already, or another process was faster.
 */
export async function makeFirstAdmin(
  options: { password: string | null; file: string },
  deps: { principals: PrincipalRepository; hasher: PasswordHasher; clock: Clock },
): Promise<FirstAdmin | null> {
  const { principals, hasher, clock } = deps;
  if (!(await principals.isEmpty())) return null;
  const password = options.password ?? newPassword();
  const now = clock.now();
  const secret_hash = await hasher.hash(password);
  const draft = `${options.file}.${newToken(4)}`;
  if (options.password === null) {
    await mkdir(dirname(options.file), { recursive: true });
    await writeFile(draft, `${password}\n`, { mode: 0o600, flag: 'wx', flush: true });
  }
  const isFirst = await principals.insert({
    id: newId(),
    kind: 'user',
    name: NAME,
    name_key: keyOf(NAME),
    description: null,
    role: 'admin',
    scopes: '[]',
    secret_hash,
    disabled: 0,
    created_by: null,
    created_at: now,
    updated_at: now,
    last_login_at: null,
    deleted_at: null,
  });
  if (!isFirst) {
    if (options.password === null) await rm(draft, { force: true });
    return null;
  }
  if (options.password === null) await rename(draft, options.file);
  return { username: NAME, random: options.password === null ? { password, file: options.file } : null };
}
