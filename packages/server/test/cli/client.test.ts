import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../http/running-server.ts';
import { runCli } from './run-cli.ts';

let api: TestServer;
let directory: string;
beforeAll(async () => {
  api = await startServer();
  directory = await mkdtemp(join(tmpdir(), 'ordinaut-cli-'));
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const cli = (args: string[], input?: string) =>
  runCli(args, { env: { ORDINAUT_URL: api.url }, ...(input === undefined ? {} : { input }) });

async function createTask(...flags: string[]): Promise<string> {
  const { code, stdout, stderr } = await cli(['task', 'create', '--title', 'T', '--event', 'never', ...flags]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout).id;
}
const echo = '{"id": "say", "uses": "core.echo", "with": {"text": "hi ${params.who}"}}';

describe('task create', () => {
  test('from flags', async () => {
    const id = await createTask('--step', echo, '--param', 'who=me', '--param', 'n=3', '--priority', '2');
    const { stdout } = await cli(['task', 'show', id]);
    expect(JSON.parse(stdout)).toMatchObject({
      schedule_kind: 'event',
      event_topic: 'never',
      priority: 2,
      payload: { params: { who: 'me', n: 3 }, pipeline: [JSON.parse(echo)] },
    });
  });

  test('from a file and from standard input, a flag going before the field', async () => {
    const task = { title: 'F', schedule_kind: 'cron', schedule_expr: '0 9 * * *', payload: { pipeline: [] } };
    const file = join(directory, 'task.json');
    await writeFile(file, JSON.stringify(task));
    const fromFile = await cli(['task', 'create', '--file', file, '--title', 'G']);
    expect(JSON.parse(fromFile.stdout)).toMatchObject({ title: 'G', schedule_expr: '0 9 * * *' });
    const fromInput = await cli(['task', 'create', '--file', '-'], JSON.stringify(task));
    expect(JSON.parse(fromInput.stdout)).toMatchObject({ title: 'F' });
  });

  test('every field that the server refuses is on a line of its own, and the end is 1', async () => {
    const args = [
      'task',
      'create',
      '--title',
      '',
      '--cron',
      '61 * * * *',
      '--step',
      '{"id": "a b", "uses": "core.ecko"}',
    ];
    const { code, stderr } = await cli(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ {2}title: /m);
    expect(stderr).toMatch(/^ {2}payload\.pipeline\[0\]\.id: /m);
  });

  test('with --json the error body is on standard error', async () => {
    const { code, stderr } = await cli(['task', 'show', '01890000-0000-7000-8000-000000000001', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ error: 'not_found', details: { what: 'task' } });
  });
});

describe('runs', () => {
  test('task run --wait tells each step and ends with 0', async () => {
    const id = await createTask('--step', echo);
    const { code, stdout } = await cli(['task', 'run', id, '--wait', '--param', 'who=you']);
    expect(code).toBe(0);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.at(-2)).toMatchObject({ event: 'step', id: 'say', status: 'succeeded', output: { text: 'hi you' } });
    expect(lines.at(-1)).toMatchObject({ event: 'run', status: 'succeeded' });
  });

  test('a run that fails ends with 1, also when it is followed later', async () => {
    const id = await createTask('--step', '{"id": "no", "uses": "core.fail", "with": {"retryable": false}}');
    const waited = await cli(['task', 'run', id, '--wait']);
    expect(waited.code).toBe(1);
    const run = JSON.parse(waited.stdout.trim().split('\n').at(-1) ?? '');
    expect(run).toMatchObject({ status: 'failed', error: { code: 'failed_for_good', step_id: 'no' } });
    expect((await cli(['run', 'tail', run.id])).code).toBe(1);
    const listed = JSON.parse((await cli(['run', 'list', '--task', id, '--status', 'failed'])).stdout);
    expect(listed.items).toMatchObject([{ id: run.id }]);
    const retried = JSON.parse((await cli(['run', 'retry', run.id])).stdout);
    expect(retried.details).toMatchObject({ retry_of: run.id });
  });

  test('pause, resume and cancel a task', async () => {
    const id = await createTask();
    for (const [verb, status] of [
      ['pause', 'paused'],
      ['resume', 'active'],
      ['cancel', 'canceled'],
    ] as const) {
      expect((await cli(['task', verb, id])).code).toBe(0);
      expect(JSON.parse((await cli(['task', 'show', id])).stdout).status).toBe(status);
    }
    expect((await cli(['task', 'resume', id])).code).toBe(1);
  });
});

describe('tools', () => {
  test('list, show and call', async () => {
    const tools = JSON.parse((await cli(['tool', 'list'])).stdout);
    expect(tools.items.map(({ name }: { name: string }) => name)).toContain('core.echo');
    expect(JSON.parse((await cli(['tool', 'show', 'core.echo'])).stdout).name).toBe('core.echo');
    const called = await cli(['tool', 'call', 'core.echo', '--input', '{"a": 1}', '--param', 'b=two']);
    expect(JSON.parse(called.stdout)).toMatchObject({ success: true, output: { a: 1, b: 'two' } });
  });

  test('a tool that fails and a tool that is not there end with 1', async () => {
    expect((await cli(['tool', 'call', 'core.fail'])).code).toBe(1);
    expect((await cli(['tool', 'call', 'core.ecko'])).code).toBe(1);
  });
});

test('doctor finds the server, and a directory that cannot be written', async () => {
  const fine = await runCli(['doctor'], { env: { ORDINAUT_URL: api.url, ORDINAUT_DATA_DIR: join(directory, 'new') } });
  expect(fine.code).toBe(0);
  expect(JSON.parse(fine.stdout).findings).toContainEqual({
    name: 'server',
    status: 'ok',
    message: expect.stringContaining(api.url),
  });
  expect(JSON.parse(fine.stdout).findings).toContainEqual({
    name: 'extensions',
    status: 'ok',
    message: expect.stringMatching(/^\d+ found/),
  });
  const broken = await runCli(['doctor'], { env: { ORDINAUT_URL: api.url, ORDINAUT_DATA_DIR: '/proc/nowhere' } });
  expect(broken.code).toBe(1);
  expect(JSON.parse(broken.stdout).findings).toContainEqual(
    expect.objectContaining({ name: 'data directory', status: 'fail', fix: expect.any(String) }),
  );
});
