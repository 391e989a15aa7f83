import { expect, test } from 'vitest';
import { mayMatchIdsOf } from '../../src/kernel/topic-glob.ts';

const id = '01890000-0000-7000-8000-000000000000';

test.each([
  'handler.*',
  `handler.${id}`,
  'handler.**',
  '**',
  '*.*',
  'h*.*',
  'handle?.*',
  '**.*',
  'handler.0189*',
  '**.0?*',
])('%s may match the topic of some handler', (pattern) => {
  expect(mayMatchIdsOf(pattern, 'handler')).toBe(true);
});

test.each(['run.*', 'handler', '*', 'handler.*.done', '*.done', '**.finished', 'handlers.*', 'deploy.**'])(
  '%s matches that of none',
  (pattern) => {
    expect(mayMatchIdsOf(pattern, 'handler')).toBe(false);
  },
);
