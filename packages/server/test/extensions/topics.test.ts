import { expect, test } from 'vitest';
import { declaredFor } from '../../src/extensions/context/topics.ts';

test.each([
  ['run.failed', ['run.*'], 'run.*'],
  ['run.*', ['run.*'], 'run.*'],
  ['run.*', ['**'], '**'],
  ['run.**', ['run.*'], null],
  ['run.**', ['run.**'], 'run.**'],
  ['run.a.**', ['run.**'], 'run.**'],
  ['run.**', ['run.a.**'], null],
  ['**', ['*'], null],
  ['**', ['**'], '**'],
  ['*.failed', ['run.*'], null],
  ['run.?', ['run.?'], 'run.?'],
  ['run.*', ['run.?'], null],
  ['task.x', ['run.*', 'task.*'], 'task.*'],
])('%s under %j falls under %j', (wanted, declared, pattern) => {
  expect(declaredFor(wanted, declared)).toBe(pattern);
});
