import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { reservedIds } from '../../extensions/manifest/manifest-rules.ts';
import { CliError, exitCodes, usageError } from '../exit-codes.ts';
import { kitPackages } from './kit-packages.ts';
import { templateOf } from './template.ts';

export interface NewExtension {
  readonly id: string;
  readonly directory: string;
  /** Names of the files. */
  readonly files: readonly string[];
}

/**
 * Writes the files of a new extension.
 *
 * @param folder where; default: a folder of its name here.
 * @throws CliError for a name that is no id, and for a folder that is there already.
 */
export async function newExtension(id: string, folder?: string): Promise<NewExtension> {
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(id)) {
    throw usageError(
      `${JSON.stringify(id)} cannot be the id of an extension: use 1 to 64 of letters, digits, - and _.`,
    );
  }
  if (reservedIds.has(id)) throw usageError(`The server keeps the id "${id}" for itself; choose another.`);
  const directory = resolve(folder ?? id);
  if (existsSync(directory)) {
    throw new CliError(exitCodes.failed, `${directory} is there already; choose another with --dir.`);
  }
  const files = templateOf(id, await kitPackages(directory));
  await mkdir(directory, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  return { id, directory, files: Object.keys(files) };
}
