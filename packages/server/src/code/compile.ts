import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { bundleExtension } from './bundle-extension.ts';
import { CompileCache, sha256 } from './compile-cache.ts';
import { stopEsbuild } from './esbuild-service.ts';

export { CompileError } from './compile-error.ts';

/** The code of an extension as one script, ready to run. */
export interface Compiled {
  /** CommonJS. */
  readonly code: string;
  /** Of the code, SHA-256 in hexadecimal. */
  readonly hash: string;
  /** Absolute paths of the files that it was made of. */
  readonly inputs: readonly string[];
  /** Absolute path that the script runs under and that stands in its stacks: `<folder>/<module>#<hash>`; no such file exists. */
  readonly file: string;
  /** The source map as JSON, read when it is asked for; null: there is none. */
  readonly map: () => string | null;
}

export interface Compiler {
  /**
   * Compiles the code of an extension: TypeScript or JavaScript of several files, with its npm packages.
   *
   * @throws CompileError with every error and its place.
   */
  compile(extension: { readonly directory: string; readonly module: string }): Promise<Compiled>;
  /** Ends the compiler's child process, if there is one. It may be used again. */
  stop(): Promise<void>;
}

/** The first line of a module that has been through this compiler already, as those of the bundled server. */
export const COMPILED_MARK = '// ordinaut: compiled';

export interface CompilerDeps {
  /** Folder for compiled code, made when it is needed; null: every compilation is done anew. */
  readonly cacheDir: string | null;
  /** Gets the warnings of the compiler. */
  readonly logger: { warn(message: string): void };
}

export function createCompiler({ cacheDir, logger }: CompilerDeps): Compiler {
  const cache = cacheDir === null ? null : new CompileCache(cacheDir);

  return {
    async compile({ directory, module }) {
      const entry = resolve(directory, module);
      const asIs = await readCompiled(entry);
      if (asIs !== null) return asIs;
      const cached = await cache?.read(entry);
      if (cached) return compiledOf(entry, cached.code, cached.inputs, readOnce(cached.mapFile));
      const bundle = await bundleExtension(directory, module);
      for (const warning of bundle.warnings) logger.warn(warning);
      const deciding = ['package.json', 'tsconfig.json'].map((name) => join(directory, name));
      const mapFile = await cache?.write(entry, bundle, deciding);
      const map = mapFile ? readOnce(mapFile) : () => bundle.map;
      return compiledOf(entry, bundle.code, bundle.inputs, map);
    },
    stop: stopEsbuild,
  };
}

function compiledOf(entry: string, code: string, inputs: readonly string[], map: Compiled['map']): Compiled {
  const hash = sha256(code);
  return { code, hash, inputs, file: `${entry}#${hash.slice(0, 8)}`, map };
}

async function readCompiled(entry: string): Promise<Compiled | null> {
  if (!/\.c?js$/.test(entry)) return null;
  const code = await readFile(entry, 'utf8').catch(() => '');
  return code.startsWith(COMPILED_MARK) ? compiledOf(entry, code, [entry], readOnce(`${entry}.map`)) : null;
}

/** Only a stack that is shown needs the map. */
function readOnce(file: string): Compiled['map'] {
  let text: string | null | undefined;
  return () => {
    try {
      text ??= readFileSync(file, 'utf8');
    } catch {
      text = null;
    }
    return text;
  };
}
