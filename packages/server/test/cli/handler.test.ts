import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
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
  runCli(['handler', ...args], { env: { ORDINAUT_URL: api.url }, ...(input === undefined ? {} : { input }) });
const json = async (args: string[], input?: string) => {
  const { code, stdout, stderr } = await cli(args, input);
  expect({ code, stderr }, args.join(' ')).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
};
const file = async (name: string, content: string | Buffer) => {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
};

const input = { expression: '{v: [body, encoding]}', data: '${event}' };
const definition = { description: 'Takes one', pipeline: [{ id: 'take', uses: 'core.transform', with: input }] };
const newHandler = async (): Promise<string> => (await json(['create', '-'], JSON.stringify(definition))).id;

test('a handler is made, shown, changed, listed and deleted', async () => {
  const made = await json(['create', await file('handler.json', JSON.stringify(definition))]);
  expect(made).toMatchObject({ ...definition, version: 1 });
  expect(await json(['show', made.id])).toEqual(made);
  expect(await json(['update', made.id, '-'], '{"description": "Takes all"}')).toMatchObject({ version: 2 });
  expect(await json(['list'])).toMatchObject({ items: [{ id: made.id, description: 'Takes all' }] });
  expect(await json(['delete', made.id])).toMatchObject({ success: true });
  expect((await cli(['show', made.id])).code).toBe(1);
});

test('a call says what its events are, and finds them again', async () => {
  const id = await newHandler();
  const called = await json([
    'call',
    id,
    ...['--data', '{"n": 1}', '--source', 'cellar', '--user-data', 'u', '--external-id', 'e', '--track-id', 't'],
    ...['--tag', 'water', '--tag', 'night'],
  ]);
  expect(called).toMatchObject({
    filtered: 0,
    events: [
      {
        data: { v: [{ n: 1 }, 'json'] },
        source: 'cellar',
        user_data: 'u',
        external_id: 'e',
        track_id: 't',
        tags: ['water', 'night'],
      },
    ],
  });
  const found = await json(['events', id, '--source', 'cellar', '--tag', 'night', '--limit', '2']);
  expect(found.items).toEqual(called.events);
  expect((await json(['events', id, '--external-id', 'other'])).items).toEqual([]);
});

test('a call sends JSON, or a file as it is', async () => {
  const id = await newHandler();
  const dataOf = async (args: string[], stdin?: string) => (await json(['call', id, ...args], stdin)).events[0].data.v;
  const photo = await file('photo.png', Buffer.from([0, 255]));
  const list = await file('data.json', '[1]');
  expect(
    await Promise.all([
      dataOf(['--data', `@${list}`]),
      dataOf(['--data', '-'], '"in"'),
      dataOf(['--data', 'as it is', '--type', 'text/plain']),
      dataOf(['--data', `@${photo}`, '--type', 'image/png']),
      dataOf([]),
    ]),
  ).toEqual([
    [[1], 'json'],
    ['in', 'json'],
    ['as it is', 'text'],
    ['AP8=', 'base64'],
    [null, null],
  ]);
});

test('what is refused ends with 1 and says why', async () => {
  const refused = await cli(['create', '-'], '{"pipeline": [{"id": "a", "uses": "core.ecko"}]}');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('Did you mean core.echo?');
  const { id } = await json(['create', '-'], '{"pipeline": [{"id": "no", "uses": "core.fail", "with": {}}]}');
  const failed = await cli(['call', id]);
  expect(failed.code).toBe(1);
  expect(failed.stderr).toContain('Step no failed');
});

test.each([
  ['a file that is not there', ['create', './nothing.json']],
  ['data that is no JSON', ['call', 'x', '--data', '{']],
  ['data of a file that is not there', ['call', 'x', '--data', '@./nothing']],
  ['a type of nothing', ['call', 'x', '--type', 'text/plain']],
])('%s ends with 2', async (_what, args) => {
  expect((await cli(args)).code).toBe(2);
});
