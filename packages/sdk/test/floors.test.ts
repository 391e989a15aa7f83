import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

const source = join(import.meta.dirname, '../src');
const files = globSync('**/*.ts', { cwd: source });

const importsOf = (file: string): string[] =>
  [...readFileSync(join(source, file), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, path]) =>
    normalize(join(dirname(file), path ?? '')),
  );

test('no circle of files', () => {
  const own = files.filter((file) => !file.startsWith('testing'));
  const targets = new Map(own.map((file) => [file, importsOf(file)]));
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (path.includes(file) || done.has(file)) return;
    for (const target of targets.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of own) visit(file, []);
  expect(own.length).toBeGreaterThan(50);
  expect(circles).toEqual([]);
});

test('what is sent knows nothing of how it looks to the caller, and the client nothing of its tests', () => {
  const up = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => {
        const [from, to] = [file, target].map((path) => (path.includes('/') ? path.split('/')[0] : ''));
        if (to === 'testing') return from !== 'testing';
        return to === 'surface' && from !== 'surface' && from !== '' && from !== 'testing';
      })
      .map((target) => `${file} -> ${target}`),
  );
  expect(up).toEqual([]);
});
