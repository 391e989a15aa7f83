import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pluginNames } from '../../plugins/find-plugin.ts';
import { CliError, exitCodes, usageError } from '../exit-codes.ts';
import { type PluginTemplateKind, pluginTemplate } from './template.ts';

export interface NewPlugin {
  readonly name: string;
  readonly kind: PluginTemplateKind;
  /** Absolute path. */
  readonly file: string;
}

/**
 * Writes the file of a new plugin.
 *
 * @param folder of the plugins.
 * @throws CliError for a name that is none, and where there is a plugin of that name already.
 */
export async function newPlugin(name: string, kind: PluginTemplateKind, folder: string): Promise<NewPlugin> {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(name)) {
    throw usageError(
      `${JSON.stringify(name)} cannot be the name of a plugin: use 1 to 100 of letters, digits, - and _, with a letter or digit first.`,
    );
  }
  const directory = resolve(folder);
  const file = join(directory, `${name}.ts`);
  if (existsSync(file) || (await pluginNames(directory))?.includes(name)) {
    throw new CliError(
      exitCodes.failed,
      `There is a plugin ${name} in ${directory} already; choose another name, or another folder with --dir.`,
    );
  }
  await mkdir(directory, { recursive: true });
  await writeFile(file, pluginTemplate(name, kind));
  return { name, kind, file };
}
