import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { checkManifest } from '../manifest/manifest.ts';
import type { ExtensionSource, FoundExtension } from './found-extension.ts';

export const MANIFEST = 'extension.json';

/** How deep extensions are looked for below a folder of them: `folder/group/weather`. */
const DEEPEST = 2;

/**
 * The extensions in a folder: the folder itself where it has an `extension.json`, otherwise those of its folders that have
 * one, and of theirs (`@scope/weather`). What lies inside an extension, in `node_modules` or in a folder whose name begins with
 * a dot is not looked at. Links are followed.
 *
 * Files are read one after the other and at once: that takes a quarter of the time that Node's threads need for a hundred small
 * files, and is done before the server is ready.
 *
 * @returns by the name of the folder; empty: there is none.
 */
export async function findInFolder(directory: string, source: ExtensionSource, depth = 0): Promise<FoundExtension[]> {
  const own = await findAt(directory, source);
  if (own !== null) return [own];
  if (depth >= DEEPEST) return [];
  const inside = entriesOf(directory)
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !/^\.|^node_modules$/.test(entry.name))
    .map((entry) => entry.name)
    .sort();
  const found = await Promise.all(inside.map((name) => findInFolder(join(directory, name), source, depth + 1)));
  return found.flat();
}

/** The extension whose manifest lies in this folder; null: there is no manifest. */
export async function findAt(directory: string, source: ExtensionSource): Promise<FoundExtension | null> {
  const manifestFile = join(directory, MANIFEST);
  let text: string;
  try {
    text = readFileSync(manifestFile, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    return broken(directory, source, `${manifestFile}:1:1 - it cannot be read: ${message}`);
  }
  const read = await checkManifest(manifestFile, text);
  if (!read.ok) return { ...broken(directory, source, read.problem), ...(read.id === null ? {} : { id: read.id }) };
  return { id: read.manifest.id, source, directory, manifestFile, manifest: read.manifest, problem: null };
}

/**
 * The extension of one module file: its manifest is the file of the same name with `.json` (`weather.ts`, `weather.json`), or
 * `extension.json` beside it.
 */
export async function findByModule(module: string): Promise<FoundExtension> {
  const directory = dirname(module);
  const name = basename(module);
  const ownManifest = join(directory, `${basename(module, extname(module))}.json`);
  const manifestFile = isFile(ownManifest) ? ownManifest : join(directory, MANIFEST);
  if (!isFile(manifestFile)) {
    const problem = `${module} has no manifest; put ${basename(ownManifest)} or ${MANIFEST} beside it.`;
    return broken(module, 'env_file', problem);
  }
  const read = await checkManifest(manifestFile, readFileSync(manifestFile, 'utf8'), { module: name });
  const found = { source: 'env_file', directory, manifestFile } as const;
  if (!read.ok) return { ...found, id: read.id ?? nameOf(module), manifest: null, problem: read.problem };
  const { id, module: named } = read.manifest;
  if (resolve(directory, named) === module) return { ...found, id, manifest: read.manifest, problem: null };
  const problem = `${manifestFile}:1:1 - its module is "${named}", but ORDINAUT_EXT_PATHS names ${module}; name the folder, or the same file in both places.`;
  return { ...found, id, manifest: null, problem };
}

/** An entry for a place that cannot be used. */
export const broken = (path: string, source: ExtensionSource, problem: string): FoundExtension => ({
  id: nameOf(path),
  source,
  directory: path,
  manifestFile: join(path, MANIFEST),
  manifest: null,
  problem,
});

const nameOf = (path: string): string => basename(path, extname(path)) || path;
const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}
