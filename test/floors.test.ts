import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect, test } from 'vitest';

/** The floors of the server: a room imports from its own room and from the floors below. */
const floors: Record<string, number> = {
  'main.ts': 7,
  'embed.ts': 6.5,
  cli: 6.5,
  'server.ts': 6,
  composition: 5.5,
  http: 5,
  extensions: 4,
  plugins: 4,
  tasks: 3,
  alerts: 3,
  handlers: 3,
  runs: 3,
  containment: 2.5,
  code: 2.5,
  approvals: 2.5,
  pipeline: 2,
  events: 2,
  identity: 2,
  secrets: 1.5,
  tools: 1,
  schedule: 1,
  storage: 1,
  kernel: 0,
  config: 0.5,
  metrics: 0.5,
  expressions: 0.5,
  outgoing: 0.5,
};

const source = join(import.meta.dirname, '../packages/server/src');
const files = globSync('**/*.ts', { cwd: source });
const roomOf = (file: string): string => file.split('/')[0]!;

/** What a file imports from the same package, as paths below `src`. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)]
    .map(([, specifier]) => normalize(join(dirname(file), specifier!)))
    .filter((path) => !path.startsWith('..'));
}

const edges = files.flatMap((file) => importsOf(file).map((target) => [file, target] as const));

test('every room has a floor', () => {
  expect(files.map(roomOf).filter((room) => floors[room] === undefined)).toEqual([]);
  expect(files.length).toBeGreaterThan(50);
  expect(edges.length).toBeGreaterThan(100);
});

test('imports only go down', () => {
  const up = edges.filter(([file, target]) => {
    const [from, to] = [roomOf(file), roomOf(target)];
    return from !== to && floors[to]! >= floors[from]!;
  });
  expect(up.map(([file, target]) => `${file} -> ${target}`)).toEqual([]);
});

test('no circle of files', () => {
  const targets = Map.groupBy(edges, ([file]) => file);
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
      return;
    }
    if (done.has(file)) return;
    for (const [, target] of targets.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});

test('files stay readable at a glance', () => {
  const long = files
    .map((file) => ({ file: relative('.', file), lines: readFileSync(join(source, file), 'utf8').split('\n').length }))
    .filter(({ lines }) => lines > 400);
  expect(long).toEqual([]);
});

test('the contract does no input or output', () => {
  const contract = join(import.meta.dirname, '../packages/contract/src');
  const outside = globSync('**/*.ts', { cwd: contract }).flatMap((file) =>
    [...readFileSync(join(contract, file), 'utf8').matchAll(/from '([^']+)'/g)]
      .map(([, specifier]) => (specifier!.startsWith('.') ? join(dirname(file), specifier!) : `package ${specifier}`))
      .filter((target) => target.startsWith('..') || target.startsWith('package ')),
  );
  expect([...new Set(outside)]).toEqual(['package typebox']);
});
