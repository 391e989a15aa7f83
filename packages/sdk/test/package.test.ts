import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type BuildResult, build, type PluginBuild } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { VERSION } from '../src/version.ts';

const home = join(import.meta.dirname, '..');
const KIB = 1024;

/** A bundle for pages, as an application would make it. */
const bundle = (contents: string, overrides: object = {}) =>
  build({
    stdin: { contents, resolveDir: home },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    splitting: true,
    outdir: 'out',
    write: false,
    metafile: true,
    conditions: ['ordinaut-source'],
    logLevel: 'silent',
    ...overrides,
  });

/** What is loaded at once: the entry, and what it imports without waiting. */
function atOnce({ outputFiles = [], metafile }: BuildResult): string[] {
  const outputs = metafile?.outputs ?? {};
  const entry = Object.keys(outputs).find((name) => outputs[name]?.entryPoint !== undefined) ?? '';
  const eager = [
    entry,
    ...(outputs[entry]?.imports ?? []).filter(({ kind }) => kind === 'import-statement').map(({ path }) => path),
  ];
  return outputFiles.filter(({ path }) => eager.some((name) => path.endsWith(name))).map(({ text }) => text);
}

describe('a bundle for browsers', () => {
  const bytesOf = (texts: readonly string[]) =>
    texts.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);

  test('has the client with its streams in 15 KiB without validation, and in 16 KiB with what loads that', async () => {
    const contents = "export { OrdinautClient } from './src/index.ts'";
    const withoutValidation = {
      name: 'without-validation',
      setup: ({ onResolve }: PluginBuild) =>
        onResolve({ filter: /\/validation\// }, ({ path }) => ({ path, external: true })),
    };
    const core = bytesOf(atOnce(await bundle(contents, { plugins: [withoutValidation] })));
    expect(core).toBeGreaterThan(5 * KIB);
    expect(core).toBeLessThanOrEqual(15 * KIB);
    expect(bytesOf(atOnce(await bundle(contents)))).toBeLessThanOrEqual(16 * KIB);
  });

  test('has nothing of Node in it, and the schemas in a file of their own', async () => {
    const { metafile, outputFiles } = await bundle("export * from './src/index.ts'");
    const imports = Object.values(metafile?.inputs ?? {}).flatMap((input) => input.imports.map(({ path }) => path));
    expect(imports.filter((path) => path.startsWith('node:'))).toEqual([]);
    const [eager = ''] = atOnce({ outputFiles, metafile } as BuildResult);
    expect(eager).not.toContain('uniqueItems:!0');
    expect(outputFiles?.some(({ text }) => text.includes('writeOnly:!0'))).toBe(true);
  });

  test('runs where there is no process and no setImmediate', async () => {
    const { outputFiles } = await bundle("export { OrdinautClient, NotFoundError } from './src/index.ts'", {
      splitting: false,
    });
    const code = outputFiles?.[0]?.text ?? '';
    const folder = await mkdtemp(join(tmpdir(), 'sdk-'));
    const { Worker } = await import('node:worker_threads');
    const { writeFile } = await import('node:fs/promises');
    try {
      await writeFile(join(folder, 'client.mjs'), code);
      await writeFile(
        join(folder, 'page.mjs'),
        `import { parentPort } from 'node:worker_threads';
        delete globalThis.process; delete globalThis.setImmediate; 
        // As in a worker of a browser, which has no document.
        Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'Mozilla/5.0 (X11) Firefox/140.0' } });
        const { OrdinautClient, NotFoundError } = await import('./client.mjs');
        const client = new OrdinautClient({ baseUrl: 'https://ordinaut.example', apiKey: 'k', fetch: async (url, init) => {
          if (init.credentials !== 'omit' || init.headers.has('user-agent')) throw new Error('not as pages send');
          return String(url).endsWith('/health/live')
            ? Response.json({ status: 'alive', timestamp: '2026-01-01T00:00:00Z', version: '1', uptime_seconds: 1 })
            : Response.json({ error: 'not_found', message: 'No.', details: {}, request_id: 'r' }, { status: 404 });
        } });
        const { status } = await client.system.live();
        const error = await client.tools.get('x').catch((thrown) => thrown);
        parentPort.postMessage({ status, name: error.name, is: error instanceof NotFoundError });`,
      );
      const worker = new Worker(join(folder, 'page.mjs'));
      const message = await new Promise((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
      });
      // The name is not that of a class which the bundler has made short.
      expect(message).toEqual({ status: 'alive', name: 'NotFoundError', is: true });
      await worker.terminate();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

test('the version is that of the package', async () => {
  expect(JSON.parse(await readFile(join(home, 'package.json'), 'utf8')).version).toBe(VERSION);
});

test('the package depends on the contract alone', async () => {
  const { dependencies } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8'));
  expect(Object.keys(dependencies)).toEqual(['@ordinaut/contract']);
});
