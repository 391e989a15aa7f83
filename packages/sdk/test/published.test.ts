import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkPackage, Package } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { beforeAll, expect, test } from 'vitest';

/** What is published: built as `npm ci` builds it. */
const home = join(import.meta.dirname, '..');
const files = new Map<string, Buffer>();

beforeAll(() => {
  const tsc = join(home, '../../node_modules/typescript/bin/tsc');
  for (const name of ['contract', 'sdk']) {
    execFileSync(process.execPath, [tsc, '-p', join(home, '..', name)], { stdio: ['ignore', 'inherit', 'inherit'] });
  }
  for (const name of ['package.json', ...globSync(['dist/**/*.{js,ts,map}', 'src/**/*.ts', '*.md'], { cwd: home })]) {
    files.set(name, readFileSync(join(home, name)));
  }
}, 120_000);

test('the package is as publint wants it', async () => {
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
    console.log(error instanceof NotFoundError, typeof openTelemetryObserver, typeof createTestServer, import.meta.resolve('@ordinaut/sdk').endsWith('dist/index.js'));`;
  const env = { ...process.env, NODE_OPTIONS: '' };
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: home,
    env,
    encoding: 'utf8',
  });
  expect(output.trim()).toBe('true function function true');
});
