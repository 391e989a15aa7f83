import { expect, test } from 'vitest';
import { SeenEntries } from '../../src/cli/seen-entries.ts';

const entry = (id: string, second: number) => ({
  id,
  at: new Date(Date.UTC(2030, 0, 1) + second * 1000).toISOString(),
});
const ids = (entries: readonly Record<string, unknown>[]) => entries.map(({ id }) => id);

test('gives each entry once, also one that is stored after a newer one', () => {
  const seen = new SeenEntries();
  expect(seen.after).toBeUndefined();
  expect(ids(seen.add([entry('b', 1), entry('d', 3)]))).toEqual(['b', 'd']);
  expect(ids(seen.add([entry('b', 1), entry('c', 2), entry('d', 3)]))).toEqual(['c']);
  expect(ids(seen.add([entry('c', 2), entry('d', 3)]))).toEqual([]);
});

test('looks again from an entry before those that another may still come before', () => {
  const seen = new SeenEntries();
  seen.add([entry('a', 0), entry('b', 1), entry('c', 5)]);
  expect(seen.after).toBe('a');
  seen.add([entry('d', 12)]);
  expect(seen.after).toBe('b');
  seen.add([entry('e', 60)]);
  expect(seen.after).toBe('d');
});
