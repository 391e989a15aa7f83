import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as sdk from '../src/index.ts';

const home = join(import.meta.dirname, '..');
const readme = readFileSync(join(home, 'README.md'), 'utf8');

test('every example of the manual compiles', () => {
  const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code ?? '');
  expect(examples.length).toBeGreaterThan(8);
  // Below the package, so that it is found by its name.
  const folder = mkdtempSync(join(home, 'test/readme-'));
  try {
    examples.forEach((code, index) => {
      writeFileSync(join(folder, `example-${index}.ts`), code);
    });
    const config = { extends: '../../../../tsconfig.base.json', compilerOptions: { noEmit: true }, include: ['*.ts'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(home, '../../node_modules/typescript/bin/tsc');
    execFileSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('the manual names every class of errors, with its kind', () => {
  const classes = Object.entries(sdk).filter(
    ([name, value]) =>
      name.endsWith('Error') && typeof value === 'function' && name !== 'OrdinautError' && name !== 'isOrdinautError',
  );
  expect(classes.length).toBeGreaterThan(12);
  for (const [name, Class] of classes) {
    const row = readme.split('\n').find((line) => line.startsWith('|') && line.includes(`\`${name}\``));
    expect(row, name).toContain(`\`${Reflect.get(Class, 'kind')}\``);
  }
});
