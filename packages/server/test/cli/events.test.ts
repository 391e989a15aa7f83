import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../http/running-server.ts';
import { runCli, startCli } from './run-cli.ts';

let api: TestServer;
beforeAll(async () => {
  api = await startServer();
});
afterAll(() => api[Symbol.asyncDispose]());

const cli = (args: string[], input?: string) =>
  runCli(args, { env: { ORDINAUT_URL: api.url }, ...(input === undefined ? {} : { input }) });

test('publishes from a flag and from standard input, and watches from an id on', async () => {
  const first = await cli(['events', 'publish', 'deploy.begun', '--data', '{"n": 1}', '--source', 'ci']);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  const { details } = JSON.parse(first.stdout);
  expect((await cli(['events', 'publish', 'build.done'])).code).toBe(0);
  expect((await cli(['events', 'publish', 'deploy.done', '--data', '-'], '[2]')).code).toBe(0);
  const tail = startCli(['events', 'tail', '--topic', 'deploy.*', '--after', '0-0'], {
    env: { ORDINAUT_URL: api.url },
  });
  const lines: Record<string, unknown>[] = [];
  for await (const line of createInterface(tail.stdout)) {
    lines.push(JSON.parse(line));
    if (lines.length === 2) break;
  }
  tail.kill();
  expect(lines).toMatchObject([
    { topic: 'deploy.begun', data: { n: 1 }, source: 'ci', id: details.stream_id },
    { topic: 'deploy.done', data: [2], source: 'api' },
  ]);
});

test('what cannot be published ends with 1 and says why, data that is no JSON with 2', async () => {
  const refused = await cli(['events', 'publish', 'run.succeeded']);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/topic: .*published by the server alone/);
  expect((await cli(['events', 'publish', 'a', '--data', '{'])).code).toBe(2);
  expect((await cli(['events', 'tail', '--topic', 'a..b'])).code).toBe(1);
});
