import { getEventListeners } from 'node:events';
import type { Step, StepRecord } from '@ordinaut/contract';
import { describe, expect, it } from 'vitest';
import { RunFailure } from '../../src/kernel/errors.ts';
import { GuardedHttpClient } from '../../src/outgoing/guarded-client.ts';
import { compilePipeline } from '../../src/pipeline/compile.ts';
import {
  type ExecutionDeps,
  type ExecutionInput,
  executePipeline,
  type StepAnswer,
} from '../../src/pipeline/executor.ts';
import { registerBuiltinTools } from '../../src/tools/builtin/register.ts';
import { ToolRegistry } from '../../src/tools/registry.ts';
import { Suspension } from '../../src/tools/suspension.ts';
import type { Tool } from '../../src/tools/tool.ts';
import { questionOf, silent, toolOf } from '../tools/test-tools.ts';
import { ManualClock } from './manual-clock.ts';

const start = Date.parse('2026-03-01T12:00:00Z');

interface Bench {
  clock: ManualClock;
  /** Ids of the steps whose records were stored, in order. */
  stored: StepRecord[];
  live: string[];
  execute(
    pipeline: Step[],
    more?: Partial<ExecutionInput> & { deps?: Partial<ExecutionDeps> },
  ): ReturnType<typeof executePipeline>;
}

function bench(...tools: Tool[]): Bench {
  const registry = new ToolRegistry();
  const clock = new ManualClock(start);
  registerBuiltinTools(registry, {
    clock,
    http: new GuardedHttpClient(),
    runTask: async () => ({ run_id: 'r', deduplicated: false }),
  });
  for (const tool of tools) registry.register(tool);
  const stored: StepRecord[] = [];
  const live: string[] = [];
  const deps: ExecutionDeps = {
    tools: registry,
    clock,
    random: () => 0.5,
    logger: silent,
    principal: null,
    scopes: null,
    maxOutputBytes: 1_048_576,
    checkpoint: (record) => void stored.push(record),
    answerTo: async () => null,
    onStep: ({ id, status }) => void live.push(`${id} ${status}`),
  };
  return {
    clock,
    stored,
    live,
    execute: (pipeline, { deps: more, ...input } = {}) =>
      executePipeline(
        {
          runId: 'run1',
          taskId: 'task1',
          attempt: 1,
          trigger: 'manual',
          nominalTime: null,
          startedAt: start,
          params: {},
          pipeline: compilePipeline({ pipeline }),
          checkpoints: [],
          signal: new AbortController().signal,
          ...input,
        },
        { ...deps, ...more },
      ),
  };
}

const step = (id: string, more: Partial<Step> = {}): Step => ({ id, uses: 'core.echo', ...more });

/** A tool that counts its calls and fails the first `failures` of them. */
function flaky(failures: number, code: RunFailure['code'] = 'network_error') {
  const keys: string[] = [];
  const tool = toolOf('flaky', async (_input, { idempotencyKey }) => {
    keys.push(idempotencyKey);
    if (keys.length <= failures) throw new RunFailure(code, `failure ${keys.length}`);
    return { calls: keys.length };
  });
  return { tool, keys };
}

describe('a pipeline', () => {
  it('runs its steps one after another, each seeing those before it', async () => {
    const { execute, stored, live } = bench();
    const outcome = await execute(
      [
        step('weather', { with: { temperature: 31, city: '${params.city}' }, save_as: 'w' }),
        step('hot', {
          if: 'steps.weather.temperature > 25',
          with: { text: '${steps.w.city}: ${steps.w.temperature}' },
        }),
        step('cold', { if: 'steps.weather.temperature < 0', with: { never: true } }),
      ],
      { params: { city: 'Rome' }, nominalTime: start },
    );
    expect(outcome).toEqual({
      kind: 'succeeded',
      output: { text: 'Rome: 31' },
      steps: [
        {
          id: 'weather',
          uses: 'core.echo',
          status: 'succeeded',
          attempt: 1,
          started_at: '2026-03-01T12:00:00.000Z',
          finished_at: '2026-03-01T12:00:00.000Z',
          input: { temperature: 31, city: 'Rome' },
          output: { temperature: 31, city: 'Rome' },
          error: null,
        },
        expect.objectContaining({ id: 'hot', status: 'succeeded' }),
        expect.objectContaining({ id: 'cold', status: 'skipped', attempt: 0, started_at: null, output: null }),
      ],
    });
    expect(stored.map(({ id }) => id)).toEqual(['weather', 'hot']);
    expect(live).toEqual(['weather running', 'weather succeeded', 'hot running', 'hot succeeded', 'cold skipped']);
  });

  it('without steps succeeds with null', async () => {
    expect(await bench().execute([])).toEqual({ kind: 'succeeded', output: null, steps: [] });
  });

  it('gives the context of the run', async () => {
    const outcome = await bench().execute([step('a', { with: { run: '${run}', now: '${now+1h}' } })], {
      nominalTime: start - 5000,
      attempt: 3,
    });
    expect(outcome).toMatchObject({
      output: {
        now: '2026-03-01T13:00:00.000Z',
        run: { id: 'run1', task_id: 'task1', attempt: 3, trigger: 'manual', nominal_time: '2026-03-01T11:59:55.000Z' },
      },
    });
  });

  it('stores a step before the next one begins, and not the last', async () => {
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    const note = toolOf('note', async ({ at }) => void order.push(`call ${String(at)}`));
    const { execute } = bench(note);
    const running = execute(
      [step('a', { uses: 'note', with: { at: 'a' } }), step('b', { uses: 'note', with: { at: 'b' } })],
      {
        deps: {
          checkpoint: async ({ id }) => {
            order.push(`storing ${id}`);
            await gate.promise;
            order.push(`stored ${id}`);
          },
        },
      },
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual(['call a', 'storing a']);
    gate.resolve();
    await running;
    expect(order).toEqual(['call a', 'storing a', 'stored a', 'call b']);
  });

  it('ends with what the checkpoint throws', async () => {
    const lost = new Error('the lease is lost');
    const deps = { checkpoint: () => Promise.reject(lost) };
    await expect(bench().execute([step('a'), step('b')], { deps })).rejects.toBe(lost);
  });
});

describe('a resume', () => {
  it('does not run again what is behind, and hands its output on', async () => {
    const { tool, keys } = flaky(1);
    const { execute, stored, live } = bench(tool);
    const pipeline = [
      step('a', { with: { n: 1 } }),
      step('b', { uses: 'flaky' }),
      step('c', { with: { n: '${steps.a.n}' } }),
    ];
    const first = await execute(pipeline);
    expect(first).toMatchObject({ kind: 'failed', retryable: true, error: { code: 'network_error', step_id: 'b' } });
    expect(first.steps.map(({ status }) => status)).toEqual(['succeeded', 'failed']);
    live.length = 0;
    const second = await execute(pipeline, { checkpoints: stored.slice(), attempt: 2 });
    expect(second).toMatchObject({ kind: 'succeeded', output: { n: 1 } });
    expect(live[0]).toBe('b running');
    expect(keys).toEqual(['run1:b', 'run1:b']);
    expect(stored.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('runs a step again that was running or failed for good before', async () => {
    const { tool, keys } = flaky(0);
    const { execute } = bench(tool);
    const pipeline = [step('a', { uses: 'flaky' })];
    const record = { ...(await execute([step('a')])).steps[0]!, output: 'old' };
    for (const status of ['running', 'failed'] as const) {
      const outcome = await execute(pipeline, { checkpoints: [{ ...record, status }] });
      expect(outcome.kind).toBe('succeeded');
    }
    expect(keys).toHaveLength(2);
  });

  it('keeps a tolerated failure', async () => {
    const { execute, stored } = bench();
    const pipeline = [
      step('bad', { uses: 'core.fail', on_error: 'continue', with: { message: 'no' } }),
      step('b', { with: { code: '${errors.bad.code}', output: '${steps.bad}' } }),
    ];
    await execute(pipeline);
    const again = await execute(pipeline, { checkpoints: stored.slice() });
    expect(again).toMatchObject({ output: { code: 'failed_on_purpose', output: null } });
    expect(stored).toHaveLength(1);
  });
});

describe('a failing step', () => {
  it('is called again while it may pass, with growing waits and the same key', async () => {
    const { tool, keys } = flaky(8);
    const { execute, clock } = bench(tool);
    const outcome = await execute([step('a', { uses: 'flaky', max_retries: 8 })]);
    expect(outcome).toMatchObject({ kind: 'succeeded', output: { calls: 9 }, steps: [{ attempt: 9 }] });
    expect(clock.slept).toEqual([750, 1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000]);
    expect(new Set(keys)).toEqual(new Set(['run1:a']));
  });

  it('is called no more than max_retries + 1 times', async () => {
    const { tool, keys } = flaky(9);
    const outcome = await bench(tool).execute([step('a', { uses: 'flaky', max_retries: 2 })]);
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { message: 'failure 3' },
      steps: [{ attempt: 3, status: 'failed' }],
    });
    expect(keys).toHaveLength(3);
  });

  it('is not called again when a retry would change nothing', async () => {
    const { tool, keys } = flaky(9, 'http_rejected');
    const outcome = await bench(tool).execute([step('a', { uses: 'flaky', max_retries: 5 })]);
    expect(outcome).toMatchObject({ kind: 'failed', retryable: false });
    expect(keys).toHaveLength(1);
  });

  it('with on_error: continue lets the run go on, and is told apart from an output', async () => {
    const outcome = await bench().execute([
      step('bad', { uses: 'core.fail', with: { message: 'no', retryable: false }, on_error: 'continue', save_as: 'b' }),
      step('next', { if: 'errors.b', with: { output: '${steps.bad}', error: '${errors.bad}' } }),
    ]);
    expect(outcome).toMatchObject({
      kind: 'succeeded',
      output: { output: null, error: { code: 'failed_for_good', message: 'no' } },
      steps: [{ status: 'failed', error: { code: 'failed_for_good', step_id: 'bad' } }, { status: 'succeeded' }],
    });
  });

  it.each([
    ['an unknown tool', step('a', { uses: 'core.ecko' }), 'tool_not_found', 'Did you mean core.echo?'],
    ['a name that does not exist', step('a', { with: { x: '${params.x}' } }), 'template_error', 'Step a: `params.x`'],
    ['a condition that fails', step('a', { if: 'length(`5`) > 1' }), 'condition_error', 'Step a: if:'],
    ['a for_each that fails', step('a', { for_each: 'length(`5`)' }), 'condition_error', 'Step a: for_each:'],
    [
      'a for_each over no list',
      step('a', { for_each: 'run' }),
      'condition_error',
      'gives a value of type object; it has to give a list',
    ],
    [
      'an input that does not fit',
      step('a', { uses: 'core.sleep', with: { seconds: 'x' } }),
      'input_invalid',
      'seconds is "x"',
    ],
  ])('fails clearly on %s', async (_what, bad, code, sentence) => {
    const outcome = await bench().execute([bad]);
    expect(outcome).toMatchObject({ kind: 'failed', retryable: false, error: { code, step_id: 'a' } });
    expect(outcome.kind === 'failed' && outcome.error.message).toContain(sentence);
    expect(outcome.steps.at(-1)).toMatchObject({ status: 'failed', error: { code } });
  });

  it('times out when the tool ignores its signal', async () => {
    const deaf = toolOf('deaf', () => new Promise(() => {}));
    const outcome = await bench(deaf).execute([step('a', { uses: 'deaf', timeout_seconds: 0.02 })]);
    expect(outcome).toMatchObject({ kind: 'failed', retryable: true, error: { code: 'step_timeout' } });
  });
});

describe('outputs', () => {
  const outputOf = async (value: unknown) =>
    bench(toolOf('give', async () => value)).execute([step('a', { uses: 'give' })]);

  it.each([
    ['undefined', undefined, null],
    ['a date', { at: new Date(start) }, { at: '2026-03-01T12:00:00.000Z' }],
    ['undefined inside', { a: undefined, b: [undefined] }, { b: [null] }],
    ['no number', [Number.NaN, Number.POSITIVE_INFINITY], [null, null]],
    ['a map', new Map([[1, 2]]), {}],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ['a function', () => 1, null],
  ])('are JSON: %s', async (_what, value, expected) => {
    const outcome = await outputOf(value);
    expect(outcome.kind === 'succeeded' && JSON.parse(JSON.stringify(outcome.output))).toEqual(expected);
    expect(outcome.kind === 'succeeded' && outcome.output).toEqual(expected);
  });

  it('that are no JSON fail', async () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    for (const value of [circle, 1n, { a: [1n] }]) {
      expect(await outputOf(value)).toMatchObject({ kind: 'failed', error: { code: 'output_invalid' } });
    }
  });

  it('are limited to the byte', async () => {
    const fits = 'ä'.repeat((1_048_576 - 2) / 2);
    expect((await outputOf(fits)).kind).toBe('succeeded');
    expect(await outputOf(`${fits}x`)).toMatchObject({ kind: 'failed', error: { code: 'output_too_large' } });
  });

  it('do not change when the tool goes on changing its object', async () => {
    const own = { list: [1] };
    const tool = toolOf('own', async () => own);
    const change = toolOf('change', async () => void own.list.push(2));
    const outcome = await bench(tool, change).execute([step('a', { uses: 'own' }), step('b', { uses: 'change' })]);
    expect(outcome.steps[0]?.output).toEqual({ list: [1] });
  });

  it('leave a note where an input is too large for the record', async () => {
    const sink = toolOf('sink', async () => 1);
    const outcome = await bench(sink).execute([step('a', { uses: 'sink', with: { x: '${params.big}' } })], {
      params: { big: 'x'.repeat(2_000_000) },
    });
    expect(outcome.steps[0]?.input).toEqual({ omitted: 'The input is larger than 1048576 bytes.' });
  });
});

describe('an abort', () => {
  it('ends the execution between steps, keeping what is finished', async () => {
    const controller = new AbortController();
    const stop = toolOf('stop', async () => controller.abort());
    const { execute, stored } = bench(stop);
    const outcome = await execute([step('a', { uses: 'stop' }), step('b')], { signal: controller.signal });
    expect(outcome).toMatchObject({ kind: 'aborted', steps: [{ id: 'a', status: 'succeeded' }] });
    expect(stored).toHaveLength(1);
  });

  it('ends a step under way, even a tolerant one that ignores its signal', async () => {
    const controller = new AbortController();
    const hanging = toolOf('hanging', () => {
      setImmediate(() => controller.abort());
      return new Promise(() => {});
    });
    const pipeline = [step('a', { uses: 'hanging', on_error: 'continue', max_retries: 3 }), step('b')];
    const outcome = await bench(hanging).execute(pipeline, { signal: controller.signal });
    expect(outcome).toEqual({ kind: 'aborted', steps: [] });
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  it('ends the wait before a retry', async () => {
    const controller = new AbortController();
    const { tool } = flaky(5);
    const { execute, clock } = bench(tool);
    clock.sleep = async () => {
      controller.abort();
      controller.signal.throwIfAborted();
    };
    const outcome = await execute([step('a', { uses: 'flaky', max_retries: 3 })], { signal: controller.signal });
    expect(outcome.kind).toBe('aborted');
  });

  it('that came before begins nothing', async () => {
    const { execute, live } = bench();
    expect(await execute([step('a')], { signal: AbortSignal.abort() })).toEqual({ kind: 'aborted', steps: [] });
    expect(live).toEqual([]);
  });
});

describe('a durable wait', () => {
  const pipeline = [
    step('before'),
    step('nap', { uses: 'core.sleep', with: { seconds: 60 } }),
    step('after', { with: { woke: '${steps.nap.until}' } }),
  ];

  it('parks the run, and goes on with the stored output when the time has come', async () => {
    const { execute, clock, stored } = bench();
    const parked = await execute(pipeline);
    expect(parked).toMatchObject({ kind: 'parked', wakeAt: start + 60_000 });
    expect(parked.steps.map(({ status }) => status)).toEqual(['succeeded', 'waiting']);
    expect(parked.steps[1]).toMatchObject({ wake_at: '2026-03-01T12:01:00.000Z', finished_at: null });

    clock.advance(59_999);
    const early = await execute(pipeline, { checkpoints: parked.steps });
    expect(early).toMatchObject({ kind: 'parked', wakeAt: start + 60_000 });

    clock.advance(1);
    stored.length = 0;
    const woken = await execute(pipeline, { checkpoints: parked.steps });
    expect(woken).toMatchObject({ kind: 'succeeded', output: { woke: '2026-03-01T12:01:00.000Z' } });
    expect(woken.steps[1]).toMatchObject({ status: 'succeeded', finished_at: '2026-03-01T12:01:00.000Z' });
    expect(woken.steps[1]).not.toHaveProperty('wake_at');
    expect(stored).toEqual([woken.steps[1]]);
  });

  it('for an answer lasts until there is one, which makes the output or the failure', async () => {
    const question = questionOf('q1');
    const ask = toolOf('ask', async () => new Suspension(start + 1000, null, question));
    const { execute, clock, stored } = bench(ask);
    const asking = [
      step('approval', { uses: 'ask', max_retries: 3 }),
      step('go', { if: "${steps.approval.status == 'approved'}", with: { went: true } }),
    ];
    const parked = await execute(asking);
    expect(parked).toMatchObject({ kind: 'parked', wakeAt: start + 1000, asks: question });
    expect(parked.steps).toMatchObject([{ status: 'waiting', approval_id: 'q1', output: null }]);
    const goOn = (answer: StepAnswer | null) => {
      const answerTo = async (id: string) => (id === 'q1' ? answer : null);
      return execute(asking, { checkpoints: parked.steps, deps: { answerTo } });
    };
    // Its time is not what it waits for, and what was asked is not asked again.
    clock.advance(1e9);
    expect(await goOn(null)).toMatchObject({ kind: 'parked', wakeAt: start + 1000, asks: null });
    expect(await goOn({ output: { status: 'approved' } })).toMatchObject({
      kind: 'succeeded',
      output: { went: true },
    });
    expect(stored).toMatchObject([{ id: 'approval', status: 'succeeded', approval_id: 'q1' }]);
    const error = { code: 'approval_rejected', message: 'No.', step_id: 'approval' };
    const rejected = await goOn({ failure: new RunFailure('approval_rejected', 'No.') });
    expect(rejected).toMatchObject({ kind: 'failed', retryable: false, error, steps: [{ status: 'failed', error }] });
  });

  it('is refused inside for_each', async () => {
    const outcome = await bench().execute([step('a', { uses: 'core.sleep', for_each: '[`1`]', with: { seconds: 5 } })]);
    expect(outcome).toMatchObject({ kind: 'failed', retryable: false, error: { code: 'input_invalid' } });
  });
});

describe('for_each', () => {
  it('gives the outputs in the order of the items, with a bound on what runs at once', async () => {
    const running = new Map<number, () => void>();
    const keys: string[] = [];
    let most = 0;
    const full = Promise.withResolvers<void>();
    const slow = toolOf('slow', async ({ item, index }, { idempotencyKey }) => {
      keys.push(idempotencyKey);
      const gate = Promise.withResolvers<void>();
      running.set(Number(index), gate.resolve);
      most = Math.max(most, running.size);
      if (running.size === 3) full.resolve();
      await gate.promise;
      running.delete(Number(index));
      return item;
    });
    const execution = bench(slow).execute(
      [
        step('each', {
          uses: 'slow',
          for_each: 'params.items',
          max_parallel: 3,
          with: { item: '${item}', index: '${index}' },
        }),
      ],
      { params: { items: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] } },
    );
    await full.promise;
    const outcome = execution.then((result) => ({ result }));
    for (let done = false; !done; ) {
      // The latest first: the order of the ends is not that of the items.
      [...running.values()].at(-1)?.();
      done = await Promise.race([
        outcome.then(() => true),
        new Promise<false>((resolve) => setImmediate(() => resolve(false))),
      ]);
    }
    const { result } = await outcome;
    expect(result).toMatchObject({ kind: 'succeeded', output: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] });
    expect(result.steps[0]?.input).toHaveLength(7);
    expect(most).toBe(3);
    expect(keys.sort()).toEqual([0, 1, 2, 3, 4, 5, 6].map((index) => `run1:each:${index}`));
  });

  it('of an empty list gives an empty list', async () => {
    const outcome = await bench().execute([step('each', { for_each: 'params.items' })], { params: { items: [] } });
    expect(outcome).toMatchObject({ kind: 'succeeded', output: [] });
  });

  it('aborts the others at the first failure and begins no more', async () => {
    const begun: unknown[] = [];
    const aborted: unknown[] = [];
    const tool = toolOf('t', ({ item }, { signal }) => {
      begun.push(item);
      if (item === 'bad') return Promise.reject(new RunFailure('http_rejected', 'no'));
      return new Promise(() => signal.addEventListener('abort', () => aborted.push(item)));
    });
    const controller = new AbortController();
    const outcome = await bench(tool).execute(
      [step('each', { uses: 't', for_each: 'params.items', max_parallel: 2, with: { item: '${item}' } })],
      { params: { items: ['hangs', 'bad', 'never'] }, signal: controller.signal },
    );
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { code: 'http_rejected', message: 'item[1]: no', step_id: 'each' },
    });
    expect(begun).toEqual(['hangs', 'bad']);
    expect(aborted).toEqual(['hangs']);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  it('with on_error: continue runs every item and gives null for those that failed', async () => {
    const odd = toolOf('odd', async ({ n }) => {
      if (Number(n) % 2 === 0) throw new RunFailure('http_rejected', `${String(n)} is even`);
      return n;
    });
    const outcome = await bench(odd).execute(
      [
        step('each', { uses: 'odd', for_each: 'params.items', on_error: 'continue', with: { n: '${item}' } }),
        step('next', { with: { list: '${steps.each}', error: '${errors.each.message}' } }),
      ],
      { params: { items: [1, 2, 3, 4] } },
    );
    expect(outcome).toMatchObject({
      kind: 'succeeded',
      output: { list: [1, null, 3, null], error: 'item[1]: 2 is even' },
    });
  });

  it('retries each item on its own', async () => {
    const seen = new Map<unknown, number>();
    const tool = toolOf('t', async ({ item }) => {
      const calls = (seen.get(item) ?? 0) + 1;
      seen.set(item, calls);
      if (item === 'b' && calls < 3) throw new RunFailure('network_error', 'not yet');
      return item;
    });
    const outcome = await bench(tool).execute(
      [step('each', { uses: 't', for_each: 'params.items', max_retries: 2, with: { item: '${item}' } })],
      { params: { items: ['a', 'b'] } },
    );
    expect(outcome).toMatchObject({ kind: 'succeeded', output: ['a', 'b'], steps: [{ attempt: 3 }] });
    expect(seen.get('a')).toBe(1);
  });

  it('bounds the outputs together', async () => {
    const big = toolOf('big', async () => 'x'.repeat(400_000));
    const outcome = await bench(big).execute([step('each', { uses: 'big', for_each: 'params.items' })], {
      params: { items: [1, 2, 3] },
    });
    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'output_too_large' } });
  });

  it('is over when the run is aborted', async () => {
    const controller = new AbortController();
    const hanging = toolOf('hanging', () => {
      setImmediate(() => controller.abort());
      return new Promise(() => {});
    });
    const outcome = await bench(hanging).execute(
      [step('each', { uses: 'hanging', for_each: 'params.items', on_error: 'continue' })],
      {
        params: { items: [1, 2, 3, 4, 5, 6] },
        signal: controller.signal,
      },
    );
    expect(outcome.kind).toBe('aborted');
  });
});
