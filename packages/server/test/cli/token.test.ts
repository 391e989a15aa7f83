import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../http/running-server.ts';
import { askingServer, type CliHome, newHome } from './cli-home.ts';

let api: TestServer;
let admin: CliHome;
beforeAll(async () => {
  api = await startServer(askingServer);
  admin = await newHome(api.url);
  await admin.login();
});
afterAll(async () => {
  await admin[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

test('create, use, list and revoke', { timeout: 60_000 }, async () => {
  const scopes = ['--scope', 'tasks:read', '--scope', 'tasks:create'];
  const made = await admin.json('token', 'create', 'ci', ...scopes, '--expires-in-days', '7');
  expect(made).toMatchObject({ name: 'ci', owner: 'admin', scopes: ['tasks:read', 'tasks:create'] });
  expect(Date.parse(made.expires_at) - Date.parse(made.created_at)).toBe(7 * 86_400_000);
  await using ci = await newHome(api.url);
  const env = { ORDINAUT_TOKEN: made.api_key };
  const created = await ci.cli(['task', 'create', '--title', 'T', '--event', 'never'], { env });
  expect(created).toMatchObject({ code: 0, stderr: '' });
  const { stderr } = await ci.cli(['task', 'cancel', JSON.parse(created.stdout).id], { env });
  expect(stderr).toMatch(
    /^error: This needs the scope tasks:delete\.\n {2}required: tasks:delete\n {2}granted: {2}tasks:\w+, tasks:\w+\n$/,
  );
  const listed = await admin.json('token', 'list');
  expect(listed.items).toMatchObject([{ id: made.id, name: 'ci', last_used_at: expect.any(String) }]);
  expect(JSON.stringify(listed)).not.toContain(made.api_key);
  expect(await admin.json('token', 'revoke', made.id)).toMatchObject({ success: true });
  expect((await ci.cli(['task', 'list'], { env })).code).toBe(1);
});

test('of another owner, by an admin', { timeout: 60_000 }, async () => {
  await admin.json('agent', 'add', 'robot', '--scope', 'runs:read');
  const made = await admin.json('token', 'create', 'for the robot', '--owner', 'robot');
  expect(made).toMatchObject({ owner: 'robot', expires_at: null });
  expect((await admin.json('token', 'list', '--owner', 'robot')).items).toMatchObject([{ id: made.id }]);
  await using robot = await newHome(api.url);
  const env = { ORDINAUT_TOKEN: made.api_key };
  const others = await robot.cli(['token', 'create', 'x', '--owner', 'admin'], { env });
  expect(others).toMatchObject({ code: 1, stderr: expect.stringContaining('required: admin\n  granted:  runs:read') });
});

test('days that are no number make no key without an end', async () => {
  const { code, stderr } = await admin.cli(['token', 'create', 'x', '--expires-in-days', 'many']);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/expires_in_days: is "many"/) });
  const unknown = await admin.cli(['token', 'revoke', '01890000-0000-7000-8000-000000000001']);
  expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no API key') });
});

test('a token that would go over plain HTTP to another machine is warned of', async () => {
  await using ci = await newHome('http://ordinaut.invalid:8080');
  const env = { ORDINAUT_TOKEN: 'ordk_abcdefghijklmnop' };
  const { stderr } = await ci.cli(['task', 'list'], { env });
  expect(stderr).toMatch(/^http:\/\/ordinaut\.invalid:8080 is not encrypted: /);
});
