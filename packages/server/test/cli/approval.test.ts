import type { Approval } from '@ordinaut/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { after, ask, askWith } from '../approvals/asking.ts';
import { startServer, type TestServer } from '../http/running-server.ts';
import { api, type TestApi } from '../support/server.ts';
import { type CliHome, newHome } from './cli-home.ts';

let server: TestServer;
let http: TestApi;
let home: CliHome;
beforeAll(async () => {
  server = await startServer();
  http = api(server.url);
  home = await newHome(server.url);
});
afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

test('list, show, approve and reject', { timeout: 60_000 }, async () => {
  const [one, two] = [await askWith(http, ask({ title: 'One?' }), after), await askWith(http, ask({ title: 'Two?' }))];
  const pending = await home.json('approval', 'list', '--status', 'pending');
  expect(pending.items.map(({ title }: Approval) => title)).toEqual(['Two?', 'One?']);
  expect((await home.json('approval', 'list', '--run', one.run.id)).items).toHaveLength(1);
  expect((await home.json('approval', 'list', '--task', two.run.task_id, '--limit', '1')).items).toMatchObject([
    { id: two.approval.id },
  ]);
  expect(await home.json('approval', 'show', one.approval.id)).toEqual(one.approval);
  expect(await home.json('approval', 'approve', one.approval.id, '--comment', 'Go')).toMatchObject({
    status: 'approved',
    comment: 'Go',
  });
  expect(await home.json('approval', 'reject', two.approval.id)).toMatchObject({ status: 'rejected', comment: null });
  const again = await home.cli(['approval', 'reject', one.approval.id]);
  expect(again.code).toBe(1);
  expect(again.stderr).toContain('was approved by somebody');
  const unknown = await home.cli(['approval', 'show', '01900000-0000-7000-8000-000000000000']);
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('There is no approval')]);
  const wrong = await home.cli(['approval', 'list', '--status', 'open']);
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('status')]);
});
