import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { notFound, RunFailure } from '../../src/kernel/errors.ts';
import { echo } from '../../src/tools/builtin/echo.ts';
import { ToolRegistry } from '../../src/tools/registry.ts';
import { Suspension } from '../../src/tools/suspension.ts';
import type { ToolCall } from '../../src/tools/tool.ts';
import { options, questionOf, toolOf } from './test-tools.ts';

afterEach(() => {
  vi.useRealTimers();
});

function registryOf(...tools: ReturnType<typeof toolOf>[]): ToolRegistry {
  const registry = new ToolRegistry();
  for (const tool of tools) registry.register(tool);
  return registry;
}

describe('registering', () => {
  it('lists tools by name and takes them out again', () => {
    const registry = registryOf(
      toolOf('b.two', async () => 1, { timeoutMs: 1500 }),
      echo,
    );
    const remove = registry.register(toolOf('a.one', async () => 1, { outputSchema: { type: 'number' } }));
    expect(registry.list().map(({ name }) => name)).toEqual(['a.one', 'b.two', 'core.echo']);
    expect(registry.list()[0]).toMatchObject({ output_schema: { type: 'number' }, timeout_seconds: null });
    expect(registry.list()[1]).toMatchObject({ output_schema: null, timeout_seconds: 1.5, source: 'builtin' });
    remove();
    expect(registry.has('a.one')).toBe(false);
    expect(registry.get('a.one')).toBeNull();
    expect(registry.list()).toHaveLength(2);
  });

  it('does not let an old unregister function remove a later tool of the same name', () => {
    const registry = new ToolRegistry();
    const remove = registry.register(echo);
    remove();
    registry.register(echo);
    remove();
    expect(registry.has('core.echo')).toBe(true);
  });

  it.each(['', 'a b', 'ä', 'x'.repeat(129), 'a/b'])('refuses the name %j', (name) => {
    expect(() => registryOf(toolOf(name, async () => 1))).toThrow(/cannot be the name of a tool/);
  });

  it('refuses a name that is taken, naming the source', () => {
    expect(() => registryOf(echo, echo)).toThrow('There is a tool core.echo already (source builtin)');
  });

  it('refuses a schema that is not valid', () => {
    const tool = toolOf('a', async () => 1, { inputSchema: { type: 'nonsense' }, source: 'ext.test' });
    expect(() => registryOf(tool)).toThrow('The input schema of the tool a is not valid.');
  });

  it('takes the same schema with an $id again after a reload', () => {
    const registry = new ToolRegistry();
    const reload = () =>
      registry.register(toolOf('a', async () => 1, { inputSchema: { $id: 'mine', type: 'object' } }));
    reload()();
    expect(reload).not.toThrow();
  });
});

describe('invoking', () => {
  const failureOf = async (call: Promise<unknown>): Promise<RunFailure> => {
    const error = await call.then(
      (value) => new Error(`It answered ${JSON.stringify(value)}.`),
      (reason: unknown) => reason,
    );
    if (error instanceof RunFailure) return error;
    throw error;
  };

  it('answers the output', async () => {
    expect(await registryOf(echo).invoke('core.echo', { a: [1] }, options())).toEqual({ a: [1] });
  });

  it('names near matches of an unknown tool', async () => {
    const failure = await failureOf(registryOf(echo).invoke('core.ecko', {}, options()));
    expect(failure.code).toBe('tool_not_found');
    expect(failure.message).toBe('There is no tool core.ecko. Did you mean core.echo?');
    expect(failure.retryable).toBe(false);
  });

  it('names every field of an input that does not fit', async () => {
    const inputSchema = { type: 'object', required: ['url'], properties: { n: { type: 'number' } } };
    const registry = registryOf(toolOf('t', async () => 1, { inputSchema }));
    const failure = await failureOf(registry.invoke('t', { n: 'x' }, options()));
    expect(failure.code).toBe('input_invalid');
    expect(failure.message).toContain('url is required');
    expect(failure.message).toContain('n is "x"; it must be a number');
  });

  it('checks the output, and the output a suspension will have', async () => {
    const outputSchema = { type: 'object', required: ['id'] };
    const registry = registryOf(
      toolOf('bad', async () => ({}), { outputSchema }),
      toolOf('late', async () => new Suspension(5, {}), { outputSchema }),
      toolOf('answered', async () => new Suspension(5, null, questionOf('q')), { outputSchema }),
    );
    expect((await failureOf(registry.invoke('bad', {}, options()))).code).toBe('output_invalid');
    expect((await failureOf(registry.invoke('late', {}, options()))).message).toContain('id is required');
    expect(await registry.invoke('answered', {}, options())).toBeInstanceOf(Suspension);
  });

  it('wraps what a tool throws, at once or later, and keeps the cause', async () => {
    const cause = new TypeError('boom');
    const registry = registryOf(
      toolOf('sync', () => {
        throw cause;
      }),
      toolOf('async', async () => {
        throw cause;
      }),
    );
    for (const name of ['sync', 'async']) {
      const failure = await failureOf(registry.invoke(name, {}, options()));
      expect(failure).toMatchObject({ code: 'tool_failed', message: `${name} failed: boom`, cause });
    }
  });

  it('keeps a RunFailure and the meaning of an error of the API', async () => {
    const own = new RunFailure('http_rejected', 'no');
    const registry = registryOf(
      toolOf('own', async () => {
        throw own;
      }),
      toolOf('api', async () => {
        throw notFound('task', 'x');
      }),
    );
    expect(await failureOf(registry.invoke('own', {}, options()))).toBe(own);
    expect((await failureOf(registry.invoke('api', {}, options()))).code).toBe('not_found');
  });

  it('settles at the end of the time even when the tool ignores its signal', async () => {
    let seen: ToolCall | undefined;
    const registry = registryOf(
      toolOf('deaf', (_input, call) => {
        seen = call;
        return new Promise(() => {});
      }),
    );
    const failure = await failureOf(registry.invoke('deaf', {}, options({ timeoutMs: 20 })));
    expect(failure).toMatchObject({ code: 'step_timeout', message: 'deaf did not answer within 0.02 s.' });
    expect(seen?.signal.aborted).toBe(true);
    expect(seen?.signal.reason).toBe(failure);
  });

  it('aborts the signal of the tool at the end of the time', async () => {
    const aborted = Promise.withResolvers<unknown>();
    const registry = registryOf(
      toolOf('polite', (_input, { signal }) => {
        signal.addEventListener('abort', () => aborted.resolve(signal.reason));
        return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      }),
    );
    const failure = await failureOf(registry.invoke('polite', {}, options({ timeoutMs: 10 })));
    expect(await aborted.promise).toBe(failure);
  });

  it('holds the limit of the tool when it is shorter than that of the caller', async () => {
    const registry = registryOf(toolOf('slow', () => new Promise(() => {}), { timeoutMs: 10 }));
    expect((await failureOf(registry.invoke('slow', {}, options()))).message).toContain('within 0.01 s');
  });

  it('settles on abort, and leaves no listener and no timer behind in any case', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const answer = Promise.withResolvers<unknown>();
    const registry = registryOf(
      toolOf('hanging', () => new Promise(() => {})),
      toolOf('later', () => answer.promise),
    );
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const later = registry.invoke('later', {}, options({ signal }));
    const hanging = failureOf(registry.invoke('hanging', {}, options({ signal })));
    await new Promise((resolve) => setImmediate(resolve));
    expect(getEventListeners(signal, 'abort')).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(2);
    answer.resolve('done');
    expect(await later).toBe('done');
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    controller.abort(new Error('enough'));
    expect(await hanging).toMatchObject({ code: 'canceled', cause: new Error('enough') });
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not begin a call whose signal is aborted already', async () => {
    let calls = 0;
    const registry = registryOf(
      toolOf('count', async () => {
        calls++;
      }),
    );
    const failure = await failureOf(registry.invoke('count', {}, options({ signal: AbortSignal.abort() })));
    expect(failure.code).toBe('canceled');
    expect(calls).toBe(0);
  });

  it('hands on progress until the call is over', async () => {
    const notes: string[] = [];
    let call: ToolCall | undefined;
    const registry = registryOf(
      toolOf('worker', async (_input, given) => {
        call = given;
        given.progress('half');
      }),
    );
    await registry.invoke('worker', {}, options({ progress: (note) => notes.push(note) }));
    call?.progress('too late');
    expect(notes).toEqual(['half']);
  });
});
