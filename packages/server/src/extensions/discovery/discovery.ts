import { realpathSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { broken, findByModule, findInFolder, MANIFEST } from './find-in-folder.ts';
import { findPackages, type PackageGrants } from './find-packages.ts';
import { type ExtensionSource, extensionSources, type FoundExtension } from './found-extension.ts';

export type { ExtensionSource, FoundExtension };

export interface DiscoveryOptions {
  /** Folder of the extensions that come with the server; null: without them. */
  readonly builtinDir: string | null;
  /** Absolute paths: folders of one extension, folders of several, module files. */
  readonly paths: readonly string[];
  /** Folder from which the nearest `package.json` is looked for; null: no packages. */
  readonly packagesFrom: string | null;
  readonly packageGrants: PackageGrants;
}

export interface Discovery {
  /** Where something was found, in the order of `extensionSources`. */
  readonly sources: readonly ExtensionSource[];
  readonly found: readonly FoundExtension[];
}

/**
 * Finds extensions without running any of their code: the built-in ones, those of the paths, then npm packages. It never
 * throws: what cannot be used is an entry with a problem. Of several with the same id the first is kept. A folder that is
 * reached in two ways is one extension.
 */
export async function discover(options: DiscoveryOptions): Promise<Discovery> {
  const places = await Promise.all([
    options.builtinDir === null ? [] : findInFolder(options.builtinDir, 'builtin'),
    ...options.paths.map(findAtPath),
    options.packagesFrom === null ? [] : findPackages(options.packagesFrom, options.packageGrants),
  ]);
  const found = places.flat();
  const ordered = extensionSources.flatMap((source) => found.filter((one) => one.source === source));
  return {
    sources: extensionSources.filter((source) => found.some((one) => one.source === source)),
    found: withUniqueIds(withoutRepetitions(ordered)),
  };
}

async function findAtPath(path: string): Promise<FoundExtension[]> {
  const at = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (at instanceof Error) {
    const reason = at.code === 'ENOENT' ? 'does not exist' : `cannot be read: ${at.message}`;
    return [broken(path, 'env_dir', `ORDINAUT_EXT_PATHS names ${path}, which ${reason}.`)];
  }
  if (!at.isDirectory()) return [await findByModule(path)];
  const found = await findInFolder(path, 'env_dir');
  // An empty folder waits for extensions.
  if (found.length > 0 || (await readdir(path)).length === 0) return found;
  const problem = `ORDINAUT_EXT_PATHS names ${path}, but neither it nor a folder in it has an ${MANIFEST}.`;
  return [broken(path, 'env_dir', problem)];
}

/** Links and a path that is named twice lead to the same manifest again. */
function withoutRepetitions(found: readonly FoundExtension[]): FoundExtension[] {
  const seen = new Set<string>();
  return found.filter(({ manifestFile }) => {
    const file = realPathOf(manifestFile);
    if (seen.has(file)) return false;
    seen.add(file);
    return true;
  });
}

function realPathOf(file: string): string {
  try {
    return realpathSync.native(file);
  } catch {
    return file;
  }
}

function withUniqueIds(found: readonly FoundExtension[]): FoundExtension[] {
  const first = new Map<string, FoundExtension>();
  // A manifest that can be used goes before one with a problem, wherever that lies.
  for (const one of found) if (one.problem === null && !first.has(one.id)) first.set(one.id, one);
  const taken = new Set(first.keys());
  return found.map((one) => {
    const keeper = first.get(one.id);
    if (keeper === one) return one;
    let id = one.id;
    for (let count = 2; taken.has(id); count++) id = `${one.id}~${count}`;
    taken.add(id);
    if (keeper === undefined || one.problem !== null) return { ...one, id };
    const problem = `The id "${one.id}" of ${one.manifestFile} is that of ${keeper.manifestFile}, which was found first; change one of them.`;
    return { ...one, id, manifest: null, problem };
  });
}
