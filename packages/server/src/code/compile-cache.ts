import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What is kept of one entry point. */
export interface CachedBundle {
  readonly code: string;
  readonly inputs: readonly string[];
  /** File with the source map. */
  readonly mapFile: string;
}

interface Index {
  readonly format: number;
  readonly entry: string;
  /** Content hash of every file that decided the result; null: it has to be absent. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly inputs: readonly string[];
  readonly code: string;
}

/** Raised when the same sources give other code. */
const FORMAT = 1;
/** A bundle that nobody asked for in this time goes. */
const KEPT_MS = 30 * 24 * 3600_000;

export const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

/**
 * Compiled extensions on disk: an entry point has an index with the content hashes of everything that went into it, and is
 * valid while they are the same, so that an extension which has not changed is loaded without esbuild. A file that is damaged
 * is as one that is not there, and a disk that cannot be written only costs the time.
 */
export class CompileCache {
  readonly #directory: string;
  #hasPruned = false;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @param entry absolute path of the module. @returns null: it has to be compiled. */
  async read(entry: string): Promise<CachedBundle | null> {
    const { index: indexFile, code: codeFile, map: mapFile } = this.#filesOf(entry);
    try {
      const index = JSON.parse(await readFile(indexFile, 'utf8')) as Partial<Index>;
      if (index.format !== FORMAT || index.entry !== entry) return null;
      const [code, isSame] = await Promise.all([readFile(codeFile, 'utf8'), areUnchanged(index.files!)]);
      if (!isSame || sha256(code) !== index.code) return null;
      return { code, inputs: index.inputs!, mapFile };
    } catch {
      return null;
    }
  }

  /**
   * @param deciding files that are no input but decide the result, whether they exist or not.
   * @returns file of the source map; null: nothing could be written.
   */
  async write(
    entry: string,
    bundle: { code: string; map: string; inputs: readonly string[] },
    deciding: readonly string[],
  ): Promise<string | null> {
    const names = this.#filesOf(entry);
    const hashes = await Promise.all([...bundle.inputs, ...deciding].map(async (file) => [file, await hashOf(file)]));
    const index: Index = {
      format: FORMAT,
      entry,
      files: Object.fromEntries(hashes),
      inputs: bundle.inputs,
      code: sha256(bundle.code),
    };
    try {
      await mkdir(this.#directory, { recursive: true });
      // The index last: it makes the others valid.
      await replace(names.map, bundle.map);
      await replace(names.code, bundle.code);
      await replace(names.index, JSON.stringify(index));
      await this.#prune();
      return names.map;
    } catch {
      return null;
    }
  }

  #filesOf(entry: string): { index: string; code: string; map: string } {
    const name = join(this.#directory, sha256(entry).slice(0, 32));
    return { index: `${name}.json`, code: `${name}.js`, map: `${name}.js.map` };
  }

  /** Takes out what has been left: bundles of files that are gone or were not compiled for long, and halves of a write. */
  async #prune(): Promise<void> {
    if (this.#hasPruned) return;
    this.#hasPruned = true;
    const names = await readdir(this.#directory);
    const stems = new Set(names.map((name) => name.split('.')[0]!));
    for (const stem of stems) {
      const index = join(this.#directory, `${stem}.json`);
      const age = Date.now() - ((await stat(index).catch(() => null))?.mtimeMs ?? 0);
      const entry = await readFile(index, 'utf8')
        .then((text) => String((JSON.parse(text) as Partial<Index>).entry))
        .catch(() => '');
      if (age < KEPT_MS && (await stat(entry).catch(() => null)) !== null) continue;
      const parts = names.filter((name) => name.startsWith(`${stem}.`));
      await Promise.all(parts.map((name) => rm(join(this.#directory, name), { force: true })));
    }
  }
}

async function areUnchanged(files: Readonly<Record<string, string | null>>): Promise<boolean> {
  const same = Object.entries(files).map(async ([file, hash]) => (await hashOf(file)) === hash);
  return (await Promise.all(same)).every(Boolean);
}

const hashOf = (file: string): Promise<string | null> => readFile(file).then(sha256, () => null);

async function replace(file: string, content: string): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, content);
  await rename(draft, file);
}
