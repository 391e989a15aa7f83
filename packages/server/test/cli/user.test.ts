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

test('add, list, show, disable, enable and delete', { timeout: 60_000 }, async () => {
  const made = await admin.json(
    'user',
    'add',
    'anna',
    '--role',
    'analyst',
    '--scope',
    'tasks:run',
    '--scope',
    'runs:cancel',
  );
  expect(made).toMatchObject({
    username: 'anna',
    role: 'analyst',
    scopes: ['tasks:run', 'runs:cancel'],
    created_by: 'admin',
  });
  await using anna = await newHome(api.url);
  await anna.login('anna', made.password);
  expect(await anna.json('whoami')).toMatchObject({ username: 'anna', role: 'analyst' });
  const { items } = await admin.json('user', 'list', '--name', 'ANN', '--role', 'analyst');
  expect(items).toMatchObject([{ username: 'anna', last_login_at: expect.any(String) }]);
  expect(await admin.json('user', 'show', 'anna')).toMatchObject({ disabled: false });
  expect(await admin.json('user', 'disable', 'anna')).toMatchObject({ username: 'anna', disabled: true });
  expect((await anna.cli(['whoami'])).code).toBe(1);
  expect(await admin.json('user', 'enable', 'anna')).toMatchObject({ disabled: false });
  await anna.login('anna', made.password);
  expect(await admin.json('user', 'delete', 'anna', '--yes')).toMatchObject({ message: 'The user anna is deleted.' });
  const gone = await admin.cli(['user', 'show', 'anna']);
  expect(gone).toMatchObject({ code: 1, stderr: 'error: There is no user anna.\n' });
});

test('add with a password of standard input, which has to be good enough', { timeout: 60_000 }, async () => {
  const password = 'a lemon, a lamp, a lark';
  const args = ['user', 'add', 'ben', '--password-stdin'];
  const short = await admin.cli(args, { input: 'short\n' });
  expect(short.code).toBe(1);
  expect(short.stderr).toMatch(/^ {2}password: .*12 characters/m);
  const two = await admin.cli(args, { input: `${password}\n${password}\n` });
  expect(two).toMatchObject({ code: 2, stderr: expect.stringContaining('needs one line, the password') });
  const made = await admin.cli(args, { input: `${password}\r\n` });
  expect(JSON.parse(made.stdout)).toMatchObject({ username: 'ben', role: 'viewer' });
  expect(made.stdout).not.toContain(password);
  await using ben = await newHome(api.url);
  await ben.login('ben', password);
  const taken = await admin.cli(['user', 'add', 'BEN']);
  expect(taken).toMatchObject({ code: 1, stderr: expect.stringContaining('The name BEN is taken') });
  const role = await admin.cli(['user', 'add', 'x', '--role', 'boss']);
  expect(role).toMatchObject({ code: 1, stderr: expect.stringMatching(/^ {2}role: /m) });
});

test('passwd of another ends their sessions, your own keeps you logged in', { timeout: 90_000 }, async () => {
  const [first, second, third] = ['a kettle of red fish', 'a kettle of blue fish', 'a kettle of pale fish'];
  await admin.cli(['user', 'add', 'cleo', '--password-stdin'], { input: first });
  await using cleo = await newHome(api.url);
  await cleo.login('cleo', first);
  const set = await admin.cli(['user', 'passwd', 'cleo', '--password-stdin'], { input: `${second}\n` });
  expect(JSON.parse(set.stdout)).toMatchObject({ username: 'cleo' });
  expect((await cleo.cli(['whoami'])).code).toBe(1);
  await cleo.login('cleo', second);
  const { access_token } = await cleo.kept();
  const args = ['user', 'passwd', '--password-stdin'];
  const wrong = await cleo.cli(args, { input: `${first}\n${third}\n` });
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('current_password: is not the present') });
  const one = await cleo.cli(args, { input: `${third}\n` });
  expect(one).toMatchObject({
    code: 2,
    stderr: 'error: --password-stdin needs 2 lines, your present password and the new one, on standard input.\n',
  });
  const changed = await cleo.cli(args, { input: `${second}\n${third}\n` });
  expect(changed).toMatchObject({ code: 0, stderr: '' });
  const before = await fetch(`${api.url}/users/me`, { headers: { authorization: `Bearer ${access_token}` } });
  expect(before.status).toBe(401);
  expect(await cleo.json('whoami')).toMatchObject({ username: 'cleo' });
});

test('the last admin stays', { timeout: 60_000 }, async () => {
  const disabled = await admin.cli(['user', 'disable', 'admin']);
  expect(disabled).toMatchObject({ code: 1, stderr: expect.stringContaining('admin is the last user') });
  const deleted = await admin.cli(['user', 'delete', 'admin', '--yes']);
  expect(deleted).toMatchObject({ code: 1, stderr: expect.stringContaining('You cannot delete yourself') });
});
