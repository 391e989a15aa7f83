import { execFileSync } from 'node:child_process';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as kit from '@ordinaut/kit';
import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import { COMPILED_MARK, type Compiled, CompileError, createCompiler } from '../../src/code/compile.ts';
import { loadModule } from '../../src/code/load-module.ts';
import { mapStack } from '../../src/code/map-stack.ts';
import { definitionOf } from '../../src/extensions/definition-of.ts';
import { makeFolder } from './folders.ts';

const logger = pino({ level: 'silent' });
const compilerIn = (cacheDir: string | null) => createCompiler({ cacheDir, logger });
afterAll(() => compilerIn(null).stop());

/** What the setup of a compiled extension gives. */
const runSetup = (compiled: Compiled, directory: string): unknown =>
  definitionOf(loadModule(compiled, { kit }), compiled, directory).setup({} as never);
const errorOf = async (work: Promise<unknown>): Promise<Error> =>
  work.then(
    () => expect.fail('it did not fail'),
    (error: Error) => error,
  );

const several = {
  'extension.ts': `
    import { readFileSync } from 'node:fs';
    import { defineExtension } from '@ordinaut/kit';
    import dep from 'dep';
    import data from './data.json' with { type: 'json' };
    import { place } from './lib/place.ts';
    export default defineExtension({
      async setup() {
        const { later } = await import('./lib/later.ts');
        const os = await import('node:os');
        const beside = readFileSync(new URL('./data.json', import.meta.url), 'utf8');
        return { data, dep, place, later, beside, filename: import.meta.filename, eol: os.EOL } as never;
      },
    });`,
  'data.json': { a: 1 },
  'lib/place.ts': `
    import { dirname } from 'node:path';
    import { fileURLToPath } from 'node:url';
    const __dirname: string = dirname(fileURLToPath(import.meta.url));
    export const place = [__dirname, import.meta.dirname];`,
  'lib/later.ts': 'export const later: number = 5;',
  'node_modules/dep/package.json': { main: 'main.js' },
  'node_modules/dep/main.js': 'module.exports = __dirname;',
};

test('several files, JSON, packages and dynamic imports become one script, and each keeps its place', async () => {
  await using folder = await makeFolder(several);
  const compiled = await compilerIn(null).compile({ directory: folder.path, module: 'extension.ts' });
  expect([...compiled.inputs].sort()).toEqual(
    ['data.json', 'extension.ts', 'lib/later.ts', 'lib/place.ts', 'node_modules/dep/main.js'].map((name) =>
      join(folder.path, name),
    ),
  );
  expect(await runSetup(compiled, folder.path)).toMatchObject({
    data: { a: 1 },
    dep: join(folder.path, 'node_modules/dep'),
    place: [join(folder.path, 'lib'), join(folder.path, 'lib')],
    later: 5,
    beside: '{\n  "a": 1\n}',
    filename: join(folder.path, 'extension.ts'),
    eol: '\n',
  });
});

test('every error is told with file, line and column', async () => {
  await using folder = await makeFolder({
    'extension.ts': "import './lib/a.ts';\nimport 'left-pad';\nimport './none.ts';\nexport default {};",
    'lib/a.ts': 'const a: number = 1;\nlet b = ;',
  });
  const error = await errorOf(compilerIn(null).compile({ directory: folder.path, module: 'extension.ts' }));
  expect(error).toBeInstanceOf(CompileError);
  expect((error as CompileError).problems.map((one) => one.replace(`${folder.path}/`, '')).sort()).toEqual([
    'extension.ts:2:8 - "left-pad" is not found; run npm install left-pad in its folder.',
    'extension.ts:3:8 - "./none.ts" is not found; there is no such file.',
    'lib/a.ts:2:9 - Unexpected ";"',
  ]);
});

test('an await at the top level is told with its remedy', async () => {
  await using folder = await makeFolder({ 'extension.ts': 'await 1;\nexport default {};' });
  const error = await errorOf(compilerIn(null).compile({ directory: folder.path, module: 'extension.ts' }));
  expect(error.message).toBe(
    `${folder.path}/extension.ts:1:1 - an extension cannot wait at the top level of a file; move the await into setup(), which may be async.`,
  );
});

test('stacks name the lines of the author', async () => {
  await using folder = await makeFolder({
    'extension.ts': "import { fail } from './lib/fail.ts';\nexport default { setup() { fail(); } };",
    'lib/fail.ts': 'interface Gone {\n  a: string;\n}\nexport function fail(): never {\n  throw new Error("no");\n}',
  });
  const compiled = await compilerIn(null).compile({ directory: folder.path, module: 'extension.ts' });
  try {
    runSetup(compiled, folder.path);
    expect.fail('it did not throw');
  } catch (error) {
    const stack = (error as Error).stack!;
    expect(stack).toContain(compiled.file);
    const [, first, second] = mapStack(stack, compiled).split('\n');
    expect(first).toContain(`${folder.path}/lib/fail.ts:5:9`);
    expect(second).toContain(`${folder.path}/extension.ts:2:30`);
    expect(mapStack(stack, { ...compiled, map: () => '{oops' })).toBe(stack);
  }
});

test('what has not changed is loaded without esbuild', async () => {
  await using folder = await makeFolder(several);
  await using cache = await makeFolder();
  const first = await compilerIn(cache.path).compile({ directory: folder.path, module: 'extension.ts' });
  // A process of its own: in this one esbuild is loaded already.
  const script = `
    import { createCompiler } from '${new URL('../../src/code/compile.ts', import.meta.url).href}';
    const compiler = createCompiler({ cacheDir: '${cache.path}', logger: console });
    const { hash, inputs } = await compiler.compile({ directory: '${folder.path}', module: 'extension.ts' });
    const { createRequire } = await import('node:module');
    const hasEsbuild = Object.keys(createRequire('${import.meta.filename}').cache).some((file) => file.includes('esbuild'));
    console.log(JSON.stringify({ hash, inputs, hasEsbuild, open: process.getActiveResourcesInfo() }));`;
  const args = ['--conditions=ordinaut-source', '--input-type=module', '-e', script];
  expect(JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))).toEqual({
    hash: first.hash,
    inputs: first.inputs,
    hasEsbuild: false,
    open: [],
  });
});

test('the process that compiles is left with nothing', async () => {
  await using folder = await makeFolder(several);
  const script = `
    import { createCompiler } from '${new URL('../../src/code/compile.ts', import.meta.url).href}';
    const compiler = createCompiler({ cacheDir: null, logger: console });
    const compile = () => compiler.compile({ directory: '${folder.path}', module: 'extension.ts' });
    const { hash } = await compile();
    await compiler.stop();
    const { execFileSync } = await import('node:child_process');
    const hasEsbuild = () => execFileSync('ps', ['-o', 'args=', '--ppid', process.pid], { encoding: 'utf8' }).includes('esbuild');
    // It has been told to end; that takes it a moment.
    while (hasEsbuild()) await new Promise(setImmediate);
    console.log((await compile()).hash === hash);
    await compiler.stop();`;
  const args = ['--conditions=ordinaut-source', '--input-type=module', '-e', script];
  expect(execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 15_000 })).toBe('true\n');
});

test.each([
  ['a changed file', { 'lib/later.ts': 'export const later = 6;' }],
  ['a changed package', { 'node_modules/dep/main.js': 'module.exports = 6;' }],
  ['a tsconfig that is new', { 'tsconfig.json': { compilerOptions: { useDefineForClassFields: false } } }],
])('%s is compiled anew', async (_, change) => {
  await using folder = await makeFolder(several);
  await using cache = await makeFolder();
  const compile = () => compilerIn(cache.path).compile({ directory: folder.path, module: 'extension.ts' });
  await compile();
  const indexes = async () => (await readdir(cache.path)).filter((name) => name.endsWith('.json'));
  const [index] = await indexes();
  const mark = { ...JSON.parse(await readText(join(cache.path, index!))), inputs: ['from the cache'] };
  await writeFile(join(cache.path, index!), JSON.stringify(mark));
  expect((await compile()).inputs).toEqual(['from the cache']);
  await folder.write(change);
  expect((await compile()).inputs).not.toEqual(['from the cache']);
  expect(await indexes()).toHaveLength(1);
});

test('damaged files of the cache are replaced', async () => {
  await using folder = await makeFolder(several);
  await using cache = await makeFolder();
  const compile = () => compilerIn(cache.path).compile({ directory: folder.path, module: 'extension.ts' });
  const first = await compile();
  const names = await readdir(cache.path);
  expect(names).toHaveLength(3);
  for (const name of names) {
    await writeFile(join(cache.path, name), 'damaged');
    const again = await compile();
    expect({ code: again.code, inputs: again.inputs }).toEqual({ code: first.code, inputs: first.inputs });
  }
});

test('what is left of extensions that are gone is taken out', async () => {
  await using cache = await makeFolder();
  {
    await using gone = await makeFolder(several);
    await compilerIn(cache.path).compile({ directory: gone.path, module: 'extension.ts' });
  }
  await writeFile(join(cache.path, 'half.js.123'), '');
  const before = await readdir(cache.path);
  await using folder = await makeFolder({ 'extension.ts': 'export default { setup() {} };' });
  await compilerIn(cache.path).compile({ directory: folder.path, module: 'extension.ts' });
  const after = await readdir(cache.path);
  expect(after).toHaveLength(3);
  expect(after.filter((name) => before.includes(name))).toEqual([]);
});

test('a cache that cannot be written only costs the time', async () => {
  await using folder = await makeFolder({ ...several, notAFolder: '' });
  const compiled = await compilerIn(join(folder.path, 'notAFolder')).compile({
    directory: folder.path,
    module: 'extension.ts',
  });
  expect(compiled.map()).toContain('"mappings"');
});

test('a module that is compiled already is taken as it is', async () => {
  const code = `${COMPILED_MARK}\nmodule.exports = { setup() { return 7; } };`;
  await using folder = await makeFolder({ 'extension.js': code });
  const compiled = await compilerIn(null).compile({ directory: folder.path, module: 'extension.js' });
  expect(compiled).toMatchObject({ code, inputs: [join(folder.path, 'extension.js')] });
  expect(runSetup(compiled, folder.path)).toBe(7);
  await rm(join(folder.path, 'extension.js'));
});

const readText = async (file: string): Promise<string> => (await import('node:fs/promises')).readFile(file, 'utf8');
