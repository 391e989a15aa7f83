import { expect, test } from 'vitest';
import { timeoutOf } from '../src/transport/timeouts.ts';

test('attempts end before the fetch of Node gives up, which looks like a broken connection', () => {
  for (const kind of ['read', 'write', 'run', 'auth', 'stream'] as const) {
    expect(timeoutOf('tools.call', kind).attemptTimeoutMs).toBeLessThan(300_000);
  }
});

test('the times of an operation go before those of its kind, field by field', () => {
  const given = { read: { timeoutMs: 1_000, attemptTimeoutMs: 500 }, 'tasks.get': { timeoutMs: 2_000 } };
  expect(timeoutOf('tasks.get', 'read', given)).toEqual({ timeoutMs: 2_000, attemptTimeoutMs: 500 });
  expect(timeoutOf('tasks.get', 'write', {})).toEqual({ timeoutMs: 60_000, attemptTimeoutMs: 30_000 });
});
