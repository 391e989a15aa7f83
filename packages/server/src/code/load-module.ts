import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { compileFunction, constants } from 'node:vm';
import type { Compiled } from './compile.ts';
import { mapStack } from './map-stack.ts';

export interface LoadOptions {
  /** What `@ordinaut/kit` is to the code: the host's own, wherever the code lies. */
  readonly kit: object;
}

type Script = (
  exports: object,
  require: NodeJS.Require,
  module: { exports: unknown },
  filename: string,
  dirname: string,
  url: string,
) => void;

/**
 * Runs compiled code and gives what it exports. Every call runs it anew with nothing of the one before,
 * and what is no longer used is collected, which `import()` never does: 200 loads of 500 KB leave nothing, there 380 MB.
 *
 * @throws whatever the code throws, its stack with the author's lines.
 */
export function loadModule(compiled: Compiled, { kit }: LoadOptions): unknown {
  const path = compiled.file.slice(0, compiled.file.lastIndexOf('#'));
  const own = createRequire(path);
  const require = Object.assign((name: string): unknown => (name === '@ordinaut/kit' ? kit : own(name)), own);
  const module: { exports: unknown } = { exports: {} };
  try {
    const names = ['exports', 'require', 'module', '__filename', '__dirname', '__ordinautUrl'];
    const script = compileScript(compiled, names);
    script(module.exports as object, require, module, path, dirname(path), pathToFileURL(path).href);
  } catch (error) {
    if (error instanceof Error && error.stack !== undefined) error.stack = mapStack(error.stack, compiled);
    throw error;
  }
  return module.exports;
}

const withImport = { importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER } as const;

/**
 * V8 keeps every script it has compiled until the heap is nearly full: 200 reloads of 500 KB were 260 MB. Nothing is compiled
 * twice here, so its cache is switched off for this one call (1.5 µs).
 */
function compileScript({ code, file }: Compiled, names: readonly string[]): Script {
  hushWarning();
  setFlagsFromString('--no-compilation-cache');
  try {
    return compileFunction(code, names, { filename: file, ...withImport }) as unknown as Script;
  } finally {
    setFlagsFromString('--compilation-cache');
  }
}

let isHushed = false;
/** Node warns once that the loader for `import()` is experimental; the first use is brought about here, and not told. */
function hushWarning(): void {
  if (isHushed) return;
  isHushed = true;
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    compileFunction("import('node:os')", [], withImport)();
  } finally {
    process.emitWarning = emitWarning;
  }
}
