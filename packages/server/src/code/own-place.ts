import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';

/** Names that stand for the place of a file; a file that uses one is told its own. */
export const placeDefines: Readonly<Record<string, string>> = {
  'import.meta.url': '__ordinautUrl',
  'import.meta.dirname': '__ordinautDirname',
  'import.meta.filename': '__ordinautFilename',
  __dirname: '__ordinautDirname',
  __filename: '__ordinautFilename',
};

/**
 * Each file of a bundle keeps its own place: what it reads beside itself is still found. The names are declared on the first
 * line of the file, so that no line moves. Native addons are not bundled but required from where they lie.
 */
export const ownPlace: Plugin = {
  name: 'own-place',
  setup(build) {
    build.onLoad({ filter: /\.[cm]?[jt]sx?$/, namespace: 'file' }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      if (!/\bimport\.meta\b|\b__dirname\b|\b__filename\b/.test(text) || text.startsWith('#!')) return null;
      const declared = Object.entries({
        __ordinautUrl: pathToFileURL(path).href,
        __ordinautDirname: dirname(path),
        __ordinautFilename: path,
      }).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
      const extension = /[^.]+$/.exec(path)![0];
      return { contents: `var ${declared.join(', ')}; ${text}`, loader: loaders[extension] ?? 'js' };
    });
    build.onResolve({ filter: /\.node$/ }, ({ path, importer, resolveDir }) => ({
      path: path.startsWith('.') ? resolve(resolveDir, path) : createRequire(importer).resolve(path),
      external: true,
    }));
  },
};

const loaders: Readonly<Record<string, 'js' | 'jsx' | 'ts' | 'tsx'>> = {
  jsx: 'jsx',
  ts: 'ts',
  mts: 'ts',
  cts: 'ts',
  tsx: 'tsx',
};
