import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as kit from '@ordinaut/kit';
import { expect, test } from 'vitest';
import { type Compiled, createCompiler } from '../../src/code/compile.ts';
import { loadModule } from '../../src/code/load-module.ts';
import { definitionOf } from '../../src/extensions/definition-of.ts';
import { makeFolder } from './folders.ts';

const compiledOf = (code: string, directory = '/nowhere'): Compiled => ({
  code,
  hash: 'x',
  inputs: [],
  file: `${directory}/extension.ts#12345678`,
  map: () => null,
});
const load = (code: string, directory = '/nowhere') => {
  const compiled = compiledOf(code, directory);
  return definitionOf(loadModule(compiled, { kit }), compiled, directory);
};

test('the kit is the one of the host, wherever the extension lies', () => {
  const definition = load("const kit = require('@ordinaut/kit'); module.exports = { setup: () => kit };");
  expect(definition.setup({} as never)).toBe(kit);
});

test('packages and files are found from the folder of the extension', async () => {
  await using folder = await makeFolder({
    'node_modules/a/index.js': 'module.exports = 1;',
    'b.cjs': 'module.exports = 2;',
  });
  const code =
    "module.exports = { setup: async () => [require('a'), require('./b.cjs'), __dirname, (await import('./b.cjs')).default] };";
  expect(await load(code, folder.path).setup({} as never)).toEqual([1, 2, folder.path, 2]);
});

test('each load is new', () => {
  const code = 'let count = 0; module.exports = { setup: () => ++count };';
  expect([load(code), load(code)].map(({ setup }) => setup({} as never))).toEqual([1, 1]);
});

test.each([
  ['', 'it has no default export'],
  [
    'exports.default = 5; Object.defineProperty(exports, "__esModule", { value: true });',
    'its default export has no function setup',
  ],
  ['module.exports = null;', 'it has no default export'],
  ['module.exports = { default: { setup: 1 } };', 'its default export has no function setup'],
])('%j is no extension', (code, message) => {
  expect(() => load(code)).toThrow(`extension.ts is not the module of an extension: ${message}. Write: export default`);
});

test('what the module throws when it is run names the line of the author', async () => {
  await using folder = await makeFolder({
    'extension.ts': 'interface A {\n  a: 1;\n}\nthrow new TypeError("at once");',
  });
  const compiler = createCompiler({ cacheDir: null, logger: console as never });
  const compiled = await compiler.compile({ directory: folder.path, module: 'extension.ts' });
  await compiler.stop();
  try {
    loadModule(compiled, { kit });
    expect.fail('it did not throw');
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).stack).toContain(`${folder.path}/extension.ts:4:7`);
  }
});

test('200 loads of 500 KB leave nothing', () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const functions = Array.from(
    { length: 4000 },
    (_, index) => `exports.f${index} = () => ${JSON.stringify('x'.repeat(100))} + ${index};`,
  );
  const code = `${functions.join('\n')}\nmodule.exports = { setup: () => exports.f1() };`;
  expect(code.length).toBeGreaterThan(500_000);
  const heap = () => {
    gc();
    return process.memoryUsage().heapUsed / 1e6;
  };
  const loadOnce = (count: number) => {
    // Every generation has other code, as after a change.
    const definition = load(`${code}\n// ${count}`);
    expect(definition.setup({} as never)).toContain('x1');
  };
  for (let count = 0; count < 5; count++) loadOnce(-count - 1);
  const before = heap();
  for (let count = 0; count < 200; count++) loadOnce(count);
  const grown = heap() - before;
  console.log(`200 loads of ${Math.round(code.length / 1000)} KB: ${grown.toFixed(1)} MB more on the heap`);
  expect(grown).toBeLessThan(20);
});
