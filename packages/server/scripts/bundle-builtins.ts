import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { parse } from 'jsonc-parser';
import { bundleOptions } from '../src/code/bundle-extension.ts';
import { COMPILED_MARK } from '../src/code/compile.ts';
import { builtinDirectory } from '../src/extensions/discovery/builtin-directory.ts';

/** Names that stand for the place of the module, wherever the package is installed. */
const define = {
  'import.meta.url': '__ordinautUrl',
  'import.meta.dirname': '__dirname',
  'import.meta.filename': '__filename',
};

interface Written {
  readonly module?: string;
  readonly contributes?: { readonly static?: readonly { readonly dir: string }[] };
}

/** Compiles the built-in extensions, so that none of them needs the compiler at its first use. */
export async function bundleBuiltins(to: string): Promise<void> {
  const from = builtinDirectory();
  const names = (await readdir(from, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  await Promise.all(names.map(({ name }) => bundleBuiltin(join(from, name), join(to, name))));
}

async function bundleBuiltin(directory: string, target: string): Promise<void> {
  // The packages that check a manifest are not built yet; the tests have checked it.
  const { $schema: _, ...written } = parse(await readFile(join(directory, 'extension.json'), 'utf8')) as Written & {
    $schema?: string;
  };
  await mkdir(target, { recursive: true });
  await writeFile(join(target, 'extension.json'), JSON.stringify({ ...written, module: 'extension.js' }, null, 2));
  for (const { dir } of written.contributes?.static ?? []) {
    await cp(join(directory, dir), join(target, dir), { recursive: true });
  }
  const { outputFiles } = await build({
    ...bundleOptions,
    absWorkingDir: directory,
    entryPoints: [{ in: resolve(directory, written.module ?? 'extension.ts'), out: 'extension' }],
    outdir: target,
    banner: { js: COMPILED_MARK },
    define,
  });
  await Promise.all(outputFiles.map(({ path, contents }) => writeFile(path, contents)));
}
