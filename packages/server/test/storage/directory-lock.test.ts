import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DirectoryLock } from '../../src/storage/sqlite/directory-lock.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ordinaut-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const refusal = (path = directory): string => {
  const lock = new DirectoryLock(path);
  try {
    lock.acquire();
  } catch (error) {
    return (error as Error).message;
  }
  lock.release();
  return 'not refused';
};

test('a directory in use is refused with the process that has it', () => {
  const lock = new DirectoryLock(directory);
  lock.acquire();
  expect(refusal()).toContain(`${directory} is in use by process ${process.pid}. Stop that process`);
  lock.release();
  expect(refusal()).toBe('not refused');
});

test.each([
  ['whose lock cannot be opened', () => mkdirSync(join(directory, 'ordinaut.lock')), 'unable to open database file'],
  [
    'whose lock is something else',
    () => writeFileSync(join(directory, 'ordinaut.lock'), 'x'.repeat(4096)),
    'not a database',
  ],
  ['whose pid file cannot be written', () => mkdirSync(join(directory, 'ordinaut.pid')), 'EISDIR'],
])('a directory %s is refused with the reason, not as one in use', (_, spoil, reason) => {
  spoil();
  expect(refusal()).toMatch(new RegExp(`${directory} cannot be used: .*${reason}.*ORDINAUT_DATA_DIR`));
});

test('a path that is a file is refused with the reason', () => {
  const file = join(directory, 'file');
  writeFileSync(file, '');
  expect(refusal(file)).toContain(`${file} cannot be used: EEXIST`);
});
