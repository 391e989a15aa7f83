import { dirname, join, resolve } from 'node:path';
import type { BuildFailure, BuildOptions, Message } from 'esbuild';
import { CompileError } from './compile-error.ts';
import { build } from './esbuild-service.ts';
import { ownPlace, placeDefines } from './own-place.ts';

export interface Bundle {
  readonly code: string;
  /** Source map; its sources are relative to the folder of the module. */
  readonly map: string;
  /** Absolute paths of the files that went in. */
  readonly inputs: readonly string[];
  readonly warnings: readonly string[];
}

/** One CommonJS script of everything but Node's own modules, native addons and the kit. */
export const bundleOptions = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node24',
  external: ['@ordinaut/kit', '@ordinaut/kit/*'],
  sourcemap: 'external',
  sourcesContent: false,
  metafile: true,
  write: false,
  logLevel: 'silent',
  legalComments: 'none',
} as const satisfies BuildOptions;

/**
 * @param directory absolute path of the folder of the extension.
 * @param module path of its module below the folder.
 * @throws CompileError
 */
export async function bundleExtension(directory: string, module: string): Promise<Bundle> {
  const entry = resolve(directory, module);
  const toSentence = (message: Message): string => sentenceOf(directory, message);
  try {
    const result = await build({
      ...bundleOptions,
      absWorkingDir: directory,
      entryPoints: [{ in: entry, out: 'extension' }],
      outdir: dirname(entry),
      define: placeDefines,
      plugins: [ownPlace],
    });
    const textOf = (end: string) => result.outputFiles.find(({ path }) => path.endsWith(end))?.text ?? '';
    return {
      code: textOf('.js'),
      map: textOf('.map'),
      inputs: Object.keys(result.metafile.inputs)
        .filter((input) => !/^\(disabled\):|^<define:/.test(input))
        .map((input) => resolve(directory, input)),
      warnings: result.warnings.map(toSentence),
    };
  } catch (error) {
    const { errors } = error as Partial<BuildFailure>;
    if (errors === undefined || errors.length === 0) throw error;
    throw new CompileError(errors.map(toSentence));
  }
}

function sentenceOf(directory: string, { text, location }: Message): string {
  const file = location === null ? directory : join(directory, location.file);
  const place = location === null ? '1:1' : `${location.line}:${location.column + 1}`;
  return `${file}:${place} - ${reword(text)}`;
}

function reword(text: string): string {
  if (text.startsWith('Top-level await')) {
    return 'an extension cannot wait at the top level of a file; move the await into setup(), which may be async.';
  }
  const missing = /^Could not resolve "([^"]+)"$/.exec(text)?.[1];
  if (missing === undefined) return text;
  const remedy = /^[./]/.test(missing) ? 'there is no such file' : `run npm install ${missing} in its folder`;
  return `"${missing}" is not found; ${remedy}.`;
}
