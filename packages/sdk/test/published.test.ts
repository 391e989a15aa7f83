import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkPackage, Package } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { afterAll, beforeAll, expect, test } from 'vitest';

/** What is published, built as `npm ci` builds it, but beside what others may be reading at the moment. */
const home = join(import.meta.dirname, '..');
const root = join(home, '../..');
const installed = mkdtempSync(join(root, 'node_modules/.published-'));
const placeOf = (name: string) => join(installed, 'node_modules/@ordinaut', name);
const files = new Map<string, Buffer>();

beforeAll(() => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  for (const name of ['contract', 'sdk']) {
    const from = join(root, 'packages', name);
    mkdirSync(placeOf(name), { recursive: true });
    cpSync(join(from, 'package.json'), join(placeOf(name), 'package.json'));
    const config = {
      extends: join(from, 'tsconfig.json'),
      compilerOptions: {
        rootDir: join(from, 'src'),
        outDir: join(placeOf(name), 'dist'),
        paths: { '@ordinaut/contract': [join(placeOf('contract'), 'dist/index.d.ts')] },
      },
      include: [join(from, 'src')],
    };
    writeFileSync(join(installed, `${name}.json`), JSON.stringify(config));
    execFileSync(process.execPath, [tsc, '-p', join(installed, `${name}.json`)], { stdio: 'inherit' });
  }
  cpSync(join(home, 'src'), join(placeOf('sdk'), 'src'), { recursive: true });
  cpSync(join(home, 'README.md'), join(placeOf('sdk'), 'README.md'));
  for (const name of globSync(['package.json', 'README.md', '{dist,src}/**/*.{js,ts,map}'], { cwd: placeOf('sdk') })) {
    files.set(name, readFileSync(join(placeOf('sdk'), name)));
  }
}, 120_000);

afterAll(() => rmSync(installed, { recursive: true }));

test('the package is as publint wants it', async () => {
  expect(files.size).toBeGreaterThan(200);
  const packed = [...files].map(([name, data]) => ({ name: `sdk/${name}`, data: new Uint8Array(data) }));
  const { messages } = await publint({ pkgDir: 'sdk', strict: true, pack: { files: packed } });
  expect(messages).toEqual([]);
});

test('its types are found by everything that imports modules', async () => {
  const packed = Object.fromEntries(
    [...files].map(([name, data]) => [`/node_modules/@ordinaut/sdk/${name}`, data.toString()]),
  );
  const analysis = await checkPackage(new Package(packed, '@ordinaut/sdk', '0.1.0'));
  if (analysis.types === false) throw new Error('The package has no types.');
  // It is a package of modules alone: what resolves otherwise is not its affair.
  const modern = analysis.problems.filter(
    (problem) => !('resolutionKind' in problem) || ['node16-esm', 'bundler'].includes(problem.resolutionKind),
  );
  expect(modern).toEqual([]);
  expect(Object.keys(analysis.entrypoints)).toEqual(['.', './otel', './testing', './package.json']);
});

test('what is built runs, without its sources', () => {
  const script = `
    import { OrdinautClient, NotFoundError } from '@ordinaut/sdk';
    import { openTelemetryObserver } from '@ordinaut/sdk/otel';
    import { createTestServer } from '@ordinaut/sdk/testing';
    const client = new OrdinautClient({ baseUrl: 'https://x.example', fetch: async () => Response.json({ error: 'not_found', message: 'No.', details: {}, request_id: 'r' }, { status: 404 }) });
    const error = await client.tools.get('x').catch((thrown) => thrown);
    console.log(error instanceof NotFoundError, typeof openTelemetryObserver, typeof createTestServer, import.meta.resolve('@ordinaut/sdk').includes('.published-'));`;
  const env = { ...process.env, NODE_OPTIONS: '' };
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: installed,
    env,
    encoding: 'utf8',
  });
  expect(output.trim()).toBe('true function function true');
});
