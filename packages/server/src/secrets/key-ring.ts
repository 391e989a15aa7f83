import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { constants, copyFile, link, mkdir, open, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../kernel/errors.ts';

export interface Key {
  /** First 16 hex characters of SHA-256 of the secret. */
  readonly id: string;
  /** At least 32 bytes. */
  readonly secret: Uint8Array;
}

/** The keys that this process has. */
export interface KeyRing {
  /** Signs and encrypts. */
  readonly current: Key;
  find(id: string): Key | null;
  /** The current one first. */
  readonly all: readonly Key[];
}

export interface KeyRingOptions {
  /** Text of the setting; null: the file. */
  readonly given: string | null;
  /** Name of the setting, for errors. */
  readonly setting: string;
  /** Absolute path. */
  readonly file: string;
  /** Length of a generated secret; also the exact length needed where `exact`. */
  readonly bytes: 32;
  /** true: each key is base64, base64url or hex of that many bytes. false: a text of that many bytes or more, as it is. */
  readonly exact: boolean;
}

/**
 * Reads the keys from the setting, or else from the file, which is made with a random key where it is not there.
 *
 * Both hold one or more keys, separated by commas or line breaks. The first signs and encrypts, the others still verify and
 * decrypt: an operator rotates by putting a new key in front, and takes the old one away when nothing depends on it any more.
 *
 * @throws Error naming the setting or the file and the way out, and never a key.
 */
export async function openKeyRing(options: KeyRingOptions): Promise<KeyRing> {
  const { given, setting, file, bytes } = options;
  if (given !== null) return ringOf(given, setting, options);
  let text = await readKeyFile(file, setting);
  if (text === null) {
    await makeKeyFile(file, bytes, setting);
    text = await readKeyFile(file, setting);
  }
  return ringOf(text ?? '', file, options);
}

/** @param from the setting or the file that the text is of, for errors. */
function ringOf(text: string, from: string, { bytes, exact }: KeyRingOptions): KeyRing {
  const parts = text
    .split(/[,\r\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const keys = new Map<string, Key>();
  for (const [index, part] of parts.entries()) {
    const secret = exact ? decode(part, bytes) : Buffer.from(part);
    if (secret === null || secret.length < bytes) throw new Error(refusal(from, index, parts.length, exact, bytes));
    const id = createHash('sha256').update(secret).digest('hex').slice(0, 16);
    keys.set(id, { id, secret: new Uint8Array(secret) });
  }
  const [current, ...others] = keys.values();
  if (current === undefined) throw new Error(`${from} holds no key. ${wanted(exact, bytes)}`);
  return { current, all: [current, ...others], find: (id) => keys.get(id) ?? null };
}

/** A key of an exact length; null: it is none. Hex goes first: its letters are letters of base64, too. */
function decode(text: string, bytes: number): Buffer | null {
  const encoding = /^[0-9a-f]+$/i.test(text) && text.length === 2 * bytes ? 'hex' : 'base64';
  if (encoding === 'base64' && !/^([A-Za-z0-9+/]+|[A-Za-z0-9_-]+)=*$/.test(text)) return null;
  // Node reads base64url as base64, too.
  const key = Buffer.from(text, encoding);
  return key.length === bytes ? key : null;
}

function refusal(from: string, index: number, count: number, exact: boolean, bytes: number): string {
  const which = count === 1 ? `The key in ${from}` : `Key ${index + 1} of the ${count} in ${from}`;
  const what = exact ? `is not ${bytes} bytes as base64 or hex` : `is shorter than ${bytes} bytes`;
  return `${which} ${what}. ${count === 1 ? '' : 'Commas and line breaks separate keys. '}${wanted(exact, bytes)}`;
}

const wanted = (exact: boolean, bytes: number): string =>
  `It must be ${exact ? `${bytes} random bytes as base64 or hex` : `a random text of ${bytes} bytes or more`}, such as "openssl rand -base64 ${bytes}" makes.`;

/** @returns null where there is no such file. */
async function readKeyFile(file: string, setting: string): Promise<string | null> {
  try {
    await using handle = await open(file, 'r');
    const mode = (await handle.stat()).mode & 0o777;
    // Windows has no such modes: there every file looks open.
    if ((mode & 0o077) === 0 || process.platform === 'win32') return await handle.readFile('utf8');
    throw new Error(`others may read it (mode 0${mode.toString(8)}). Run "chmod 600 ${file}"`);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw new Error(`The keys in ${file} cannot be used: ${messageOf(error)}, or set ${setting}.`, { cause: error });
  }
}

/**
 * Makes the file whole or not at all. Of several processes that start at once on one directory the first one's key counts for
 * all: a link, unlike a rename, does not take the place of a file that is there.
 */
async function makeKeyFile(file: string, bytes: number, setting: string): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const key = randomBytes(bytes).toString('base64url');
    await writeFile(draft, `${key}\n`, { flag: 'wx', mode: 0o600, flush: true });
    try {
      await link(draft, file);
    } catch (error) {
      // Some network and USB file systems have no links.
      if (codeOf(error) !== 'EEXIST') await copyFile(draft, file, constants.COPYFILE_EXCL);
    }
    await syncDirectory(dirname(file));
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    throw new Error(
      `A key cannot be made in ${file}: ${messageOf(error)}. See that this user may write there, or set ${setting}.`,
      {
        cause: error,
      },
    );
  } finally {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

/** What is encrypted with a key may reach the disk soon; then the name of its file has to be there, too. */
async function syncDirectory(directory: string): Promise<void> {
  try {
    await using handle = await open(directory, 'r');
    await handle.sync();
  } catch {
    // Windows and some network file systems cannot; they write names at once.
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : null);
