import { relative } from 'node:path';
import type { ExtensionDefinition } from '@ordinaut/kit';
import type { Compiled } from '../code/compile.ts';

/**
 * The definition that the module of an extension exports.
 *
 * @param exports what loading the module has given.
 * @param directory the folder of the extension.
 * @throws Error where it exports none.
 */
export function definitionOf(
  exports: unknown,
  { file }: Pick<Compiled, 'file'>,
  directory: string,
): ExtensionDefinition {
  const hasDefault = isObject(exports) && 'default' in exports;
  const found = hasDefault ? exports.default : exports;
  if (isObject(found) && typeof found.setup === 'function') return found as unknown as ExtensionDefinition;
  const what = hasDefault ? 'its default export has no function setup' : 'it has no default export';
  const name = relative(directory, file.slice(0, file.lastIndexOf('#')));
  throw new Error(
    `${name} is not the module of an extension: ${what}. Write: export default defineExtension({ setup(ctx) { … } });`,
  );
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
