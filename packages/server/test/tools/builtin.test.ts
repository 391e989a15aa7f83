import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/kernel/clock.ts';
import { GuardedHttpClient } from '../../src/outgoing/guarded-client.ts';
import { registerBuiltinTools } from '../../src/tools/builtin/register.ts';
import { ToolRegistry } from '../../src/tools/registry.ts';
import { Suspension } from '../../src/tools/suspension.ts';
import { options } from './test-tools.ts';

const now = Date.parse('2026-03-01T12:00:00Z');
const clock: Clock = { ...systemClock, now: () => now };
const started: unknown[] = [];

const registry = new ToolRegistry();
registerBuiltinTools(registry, {
  clock,
  http: new GuardedHttpClient(),
  runTask: async (...args) => {
    started.push(args);
    return { run_id: 'r1', deduplicated: false };
  },
});
const invoke = (name: string, input: Record<string, unknown>) => registry.invoke(name, input, options());

describe('built-in tools', () => {
  it('are these', () => {
    expect(registry.list().map(({ name }) => name)).toEqual([
      'core.echo',
      'core.fail',
      'core.sleep',
      'core.transform',
      'http.request',
      'tasks.run_now',
    ]);
  });

  it('core.transform evaluates JMESPath', async () => {
    expect(
      await invoke('core.transform', { expression: 'items[?n > 1].n', data: { items: [{ n: 1 }, { n: 2 }] } }),
    ).toEqual([2]);
    await expect(invoke('core.transform', { expression: 'a[', data: {} })).rejects.toMatchObject({
      code: 'input_invalid',
    });
    await expect(invoke('core.transform', { expression: 'a' })).rejects.toMatchObject({ code: 'input_invalid' });
  });

  it('core.fail fails for now or for good', async () => {
    await expect(invoke('core.fail', {})).rejects.toMatchObject({ code: 'failed_on_purpose', retryable: true });
    await expect(invoke('core.fail', { message: 'no', retryable: false })).rejects.toMatchObject({
      code: 'failed_for_good',
      message: 'no',
      retryable: false,
    });
  });

  it('core.sleep asks for a durable wait', async () => {
    const expected = new Suspension(now + 90_000, { until: '2026-03-01T12:01:30.000Z' });
    expect(await invoke('core.sleep', { seconds: 90 })).toEqual(expected);
    expect(await invoke('core.sleep', { until: '2026-03-01T13:01:30+01:00' })).toEqual(expected);
  });

  it('core.sleep does not wait for the past, and not for ever', async () => {
    expect(await invoke('core.sleep', { seconds: 0 })).toEqual({ until: '2026-03-01T12:00:00.000Z' });
    expect(await invoke('core.sleep', { until: '2020-01-01T00:00:00Z' })).toEqual({
      until: '2020-01-01T00:00:00.000Z',
    });
    await expect(invoke('core.sleep', { until: '2030-01-01T00:00:00Z' })).rejects.toThrow(/at most 366 days/);
    for (const input of [{}, { seconds: 1, until: '2026-03-02T00:00:00Z' }, { until: 'tomorrow' }, { seconds: -1 }]) {
      await expect(invoke('core.sleep', input)).rejects.toMatchObject({ code: 'input_invalid' });
    }
  });

  it('tasks.run_now hands on the idempotency key of its step', async () => {
    expect(await invoke('tasks.run_now', { task_id: 't1', params: { a: 1 } })).toEqual({
      run_id: 'r1',
      deduplicated: false,
    });
    expect(started).toEqual([['t1', { a: 1 }, 'run:step']]);
  });
});
