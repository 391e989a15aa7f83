import type { ToolCallResult, ToolInfo } from '@ordinaut/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/kernel/clock.ts';
import { ApiError, RunFailure } from '../../src/kernel/errors.ts';
import { compileCheck } from '../../src/kernel/schema.ts';
import type { Store } from '../../src/storage/store.ts';
import { TaskService } from '../../src/tasks/task-service.ts';
import { registerTaskTools } from '../../src/tasks/task-tools.ts';
import { ToolRegistry } from '../../src/tools/registry.ts';
import { startServer } from '../support/server.ts';
import { newPlace, type TestPlace } from '../support/stores.ts';
import { options } from '../tools/test-tools.ts';

describe('the tools for tasks and runs', () => {
  let place: TestPlace;
  let server: Awaited<ReturnType<typeof startServer>>;

  beforeAll(async () => {
    place = await newPlace('sqlite');
    server = await startServer(place);
  });

  afterAll(async () => {
    await server.server.stop();
    await place.remove();
  });

  const use = async <Output>(name: string, input: Record<string, unknown>): Promise<Output> => {
    const { body } = await server.call<ToolCallResult>('POST', `/tools/${name}/call`, { input });
    if (!body.success) throw new Error(body.error?.message ?? JSON.stringify(body));
    return body.output as Output;
  };
  const create = (input: Record<string, unknown>) =>
    use<{ task_id: string; message: string; next_run_at: string }>('create_task', { title: 'test', ...input });

  it('have schemas that compile, and say what they change', async () => {
    const { body } = await server.call<{ items: ToolInfo[] } | ToolInfo[]>('GET', '/tools');
    const tools = (Array.isArray(body) ? body : body.items).filter(({ name }) => /_(tasks?|runs?)/.test(name));
    expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['create_task', 'get_run', 'list_runs']));
    for (const tool of tools) {
      compileCheck(tool.input_schema);
      compileCheck(tool.output_schema!);
      expect(tool.input_schema).toMatchObject({ type: 'object', additionalProperties: false });
      expect(tool.annotations.readOnly).toBe(/^(list|get)_/.test(tool.name));
    }
  });

  it('make a task of a title and a cron expression', async () => {
    const { task_id, message, next_run_at } = await create({ schedule: '0 18 * * *' });
    expect(message).toBe(`The task is created. Its next run is at ${next_run_at}.`);
    expect(next_run_at).toMatch(/T18:00:00/);
    expect(await use('get_task', { task_id })).toMatchObject({
      schedule_kind: 'cron',
      schedule_expr: '0 18 * * *',
      payload: { pipeline: [] },
    });
  });

  it.each([
    ['2099-01-01T08:30:00Z', 'once'],
    ['FREQ=WEEKLY;BYDAY=MO', 'rrule'],
    ['@daily', 'cron'],
  ])('know %s for a schedule of the kind %s', async (schedule, schedule_kind) => {
    const { task_id } = await create({ schedule });
    expect(await use('get_task', { task_id })).toMatchObject({ schedule_kind });
  });

  it('run a task and tell how it went', async () => {
    const { task_id } = await create({
      schedule: '0 0 1 1 *',
      pipeline: [{ id: 'say', uses: 'core.echo', with: { word: '${params.word}' } }],
    });
    const { run_id } = await use<{ run_id: string }>('run_task_now', { task_id, params: { word: 'hello' } });
    await server.ended(run_id);
    expect(await use('get_run', { run_id })).toMatchObject({ success: true, output: { word: 'hello' } });
    expect(await use('list_runs', { task_id })).toMatchObject({
      total: 1,
      items: [{ id: run_id, status: 'succeeded' }],
    });
  });

  it('pause, resume, put off, change and cancel', async () => {
    const { task_id, next_run_at } = await create({ schedule: '0 0 1 1 *' });
    const put = await use<{ next_run_at: string }>('snooze_task', { task_id, delay_seconds: 60 });
    expect(Date.parse(put.next_run_at) - Date.parse(next_run_at)).toBe(60_000);
    expect(await use('pause_task', { task_id })).toMatchObject({ new_status: 'paused', next_run_at: null });
    expect(await use('resume_task', { task_id })).toMatchObject({ new_status: 'active', next_run_at });
    expect(await use('update_task', { task_id, title: 'renamed' })).toMatchObject({ title: 'renamed', revision: 1 });
    expect(await use('cancel_task', { task_id })).toMatchObject({ new_status: 'canceled', canceled_runs: 0 });
  });

  it('show what a schedule means', async () => {
    const preview = await use('preview_schedule', { schedule_kind: 'cron', schedule_expr: '0 8 * * MON', count: 2 });
    expect(preview).toMatchObject({ timezone: 'UTC', fire_times: [{}, {}] });
  });
});

describe('a refusal of a tool', () => {
  let place: TestPlace;
  let store: Store;
  let tools: ToolRegistry;

  beforeAll(async () => {
    place = await newPlace('sqlite');
    store = await place.open();
    await store.start();
    tools = new ToolRegistry();
    registerTaskTools(tools, { tasks: new TaskService({ store, tools, clock: systemClock }), clock: systemClock });
  });

  afterAll(async () => {
    await store.stop();
    await place.remove();
  });

  const refusal = async (name: string, input: Record<string, unknown>): Promise<unknown> => {
    const failure = await tools.invoke(name, input, options()).catch((error: unknown) => error);
    if (!(failure instanceof RunFailure) || !(failure.cause instanceof ApiError)) throw failure;
    return { run: failure.code, code: failure.cause.code, ...failure.cause.details };
  };

  it.each([
    [{ title: 'x', schedule: 'often' }, 'schedule'],
    [{ title: 'x', schedule: 'often', schedule_kind: 'cron' }, 'schedule'],
    [{ title: 'x' }, 'schedule'],
    [{ title: 'x', schedule: '@daily', pipeline: [{ id: 'a', uses: 'core.eco' }] }, 'pipeline[0].uses'],
    [{ title: 'x', schedule: '@daily', pipeline: [], payload: { pipeline: [] } }, 'pipeline'],
    [{ title: 'x', schedule_kind: 'cron', schedule_expr: 'often' }, 'schedule_expr'],
    [{ schedule: '@daily' }, 'title'],
    [{ title: 'x', schedule: '@daily', shedule: 1 }, 'shedule'],
  ])('of create_task names the field as it was given: %j', async (input, field) => {
    expect(await refusal('create_task', input)).toMatchObject({ run: 'input_invalid', code: 'bad_request', field });
  });

  it('of a task that is not there says so', async () => {
    const task_id = '01890a5d-ac96-774b-bcce-b302099a8057';
    expect(await refusal('get_task', { task_id })).toMatchObject({ run: 'not_found', code: 'not_found', id: task_id });
  });
});
