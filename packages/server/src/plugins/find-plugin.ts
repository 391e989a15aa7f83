import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { didYouMean } from '../kernel/near.ts';

const extensions = ['.ts', '.mts', '.js', '.mjs', '.cjs'] as const;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;

/** Where the code of a plugin is. */
export interface PluginPlace {
  /** Absolute path of the folder that it is compiled from. */
  readonly directory: string;
  /** Path of its file below that. */
  readonly module: string;
}

/**
 * The file of a plugin: `<folder>/<name>.ts`, or `<folder>/<name>/index.ts`; also as JavaScript.
 *
 * @throws Error with the names that are near, where there is none.
 */
export async function findPlugin(folder: string, name: string): Promise<PluginPlace> {
  if (!NAME.test(name))
    throw new Error(
      `${JSON.stringify(name)} is no name of a plugin; it is the name of its file without the extension: letters, digits, _ and -.`,
    );
  for (const extension of extensions) {
    if (await isFile(join(folder, name + extension))) return { directory: folder, module: name + extension };
  }
  for (const extension of extensions) {
    const module = `index${extension}`;
    if (await isFile(join(folder, name, module))) return { directory: join(folder, name), module };
  }
  const names = await pluginNames(folder);
  if (names === null)
    throw new Error(`There is no plugin ${name}: the folder ${folder} does not exist. See ORDINAUT_PLUGINS_DIR.`);
  const hint = didYouMean(name, names) || (names.length === 0 ? '' : ` There are ${names.join(', ')}.`);
  throw new Error(`There is no plugin ${name} in ${folder}.${hint}`);
}

/** The plugins of a folder, by name; null where there is no such folder. */
export async function pluginNames(folder: string): Promise<string[] | null> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => null);
  if (entries === null) return null;
  const names = await Promise.all(entries.map((entry) => nameOf(folder, entry)));
  return [...new Set(names.filter((name) => NAME.test(name)))].sort();
}

/** Name of the plugin that an entry of the folder is; empty where it is none. */
async function nameOf(folder: string, entry: Dirent): Promise<string> {
  if (/^\.|\.(test|d)\.[cm]?ts$/.test(entry.name)) return '';
  if (entry.isDirectory()) return (await hasIndex(join(folder, entry.name))) ? entry.name : '';
  const extension = extname(entry.name);
  return (extensions as readonly string[]).includes(extension) ? basename(entry.name, extension) : '';
}

async function hasIndex(folder: string): Promise<boolean> {
  const found = await Promise.all(extensions.map((extension) => isFile(join(folder, `index${extension}`))));
  return found.includes(true);
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
