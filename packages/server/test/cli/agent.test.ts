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

const logIn = async (home: CliHome, agent: string, secret: string) =>
  (await home.cli(['login', '--agent', agent, '--secret-stdin'], { input: `${secret}\n` })).code;

test('add gives id and secret once; credentials make the next secret', { timeout: 60_000 }, async () => {
  const args = ['agent', 'add', 'deployer', '--description', 'deploys', '--role', 'viewer', '--scope', 'tasks:run'];
  const made = await admin.json(...args);
  expect(made).toMatchObject({
    name: 'deployer',
    description: 'deploys',
    role: 'viewer',
    scopes: ['tasks:run'],
    has_secret: true,
    agent_secret: expect.stringMatching(/^orda_/),
  });
  await using robot = await newHome(api.url);
  expect(await logIn(robot, made.id, made.agent_secret)).toBe(0);
  const shown = await admin.json('agent', 'show', made.id);
  expect(shown).toMatchObject({ name: 'deployer', last_login_at: expect.any(String) });
  expect(JSON.stringify(shown)).not.toContain(made.agent_secret);
  const next = await admin.json('agent', 'credentials', 'Deployer');
  expect(next).toMatchObject({ agent_id: made.id, agent_secret: expect.stringMatching(/^orda_/) });
  expect((await robot.cli(['whoami'])).code).toBe(1);
  expect(await logIn(robot, 'deployer', made.agent_secret)).toBe(1);
  expect(await logIn(robot, 'deployer', next.agent_secret)).toBe(0);
});

test('add without credentials, disable, enable and delete by name', { timeout: 60_000 }, async () => {
  const made = await admin.json('agent', 'add', 'quiet', '--no-credentials');
  expect(made).toMatchObject({ name: 'quiet', has_secret: false });
  expect(made).not.toHaveProperty('agent_secret');
  // A part of another name is no name.
  expect((await admin.json('agent', 'add', 'quiet-2', '--no-credentials')).id).not.toBe(made.id);
  expect(await admin.json('agent', 'disable', 'quiet')).toMatchObject({ id: made.id, disabled: true });
  expect((await admin.json('agent', 'list', '--name', 'quiet')).items).toMatchObject([
    { name: 'quiet-2', disabled: false },
    { name: 'quiet', disabled: true },
  ]);
  expect(await admin.json('agent', 'enable', 'quiet')).toMatchObject({ disabled: false });
  expect(await admin.json('agent', 'delete', 'quiet', '--yes')).toMatchObject({ success: true });
  for (const verb of ['show', 'disable', 'credentials']) {
    const gone = await admin.cli(['agent', verb, 'quiet']);
    expect(gone).toMatchObject({ code: 1, stderr: 'error: There is no agent quiet.\n' });
  }
  const id = '01890000-0000-7000-8000-000000000001';
  expect((await admin.cli(['agent', 'show', id])).stderr).toBe(`error: There is no agent ${id}.\n`);
});

test('what the server refuses is said field by field', async () => {
  const { code, stderr } = await admin.cli(['agent', 'add', 'a b', '--scope', 'Tasks']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^ {2}name: /m);
  expect(stderr).toMatch(/^ {2}scopes\[0\]: /m);
});
