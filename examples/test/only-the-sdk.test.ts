import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './support/programs.ts';

const home = join(root, 'examples');
const filesOf = (pattern: string): string[] =>
  globSync(pattern, { cwd: home }).filter((file) => !/(?:^|\/)node_modules\//.test(file));
const textOf = (file: string): string => readFileSync(join(home, file), 'utf8');

test('the examples need nothing but Node and the SDK', () => {
  const programs = filesOf('**/*.ts').filter((file) => !file.startsWith('test/') && !file.endsWith('.test.ts'));
  expect(programs.length).toBeGreaterThan(15);
  const others = programs.flatMap((file) =>
    [...textOf(file).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)]
      .map(([, specifier]) => specifier!)
      .filter((name) => !/^(?:node:|@ordinaut\/sdk$)/.test(name))
      .filter((name) => !name.startsWith('.') || join(dirname(file), name).startsWith('..'))
      .map((name) => `${file} imports ${name}`),
  );
  expect(others).toEqual([]);
});

test('every link of the manuals leads somewhere, and every file of an example is named', () => {
  const manuals = filesOf('**/README.md');
  expect(manuals.length).toBeGreaterThan(5);
  const targets = manuals.flatMap((manual) =>
    [...textOf(manual).matchAll(/\]\(([^)#]+)\)/g)].map(([, link]) => join(dirname(manual), link!)),
  );
  expect(targets.filter((target) => !existsSync(join(home, target)))).toEqual([]);
  const files = filesOf('{alert-triage,sdk}/**/*.{ts,json}');
  expect(files.filter((file) => !targets.includes(file))).toEqual([]);
});
