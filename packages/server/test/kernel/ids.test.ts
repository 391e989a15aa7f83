import { expect, test } from 'vitest';
import { firstIdOf, isUuid, newId } from '../../src/kernel/ids.ts';

test('ids sort in the order they were made', () => {
  const ids = Array.from({ length: 5000 }, newId);
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(5000);
});

test('the first id of an instant sorts below every id made after it', () => {
  const bound = firstIdOf(Date.now());
  expect(isUuid(bound)).toBe(true);
  expect(newId() > bound).toBe(true);
  expect(newId() > firstIdOf(Date.now() + 60_000)).toBe(false);
});
