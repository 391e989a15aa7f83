import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../http/running-server.ts';
import { adminPassword, askingServer, type CliHome, newHome } from './cli-home.ts';

let api: TestServer;
let home: CliHome;
beforeAll(async () => {
  api = await startServer(askingServer);
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(async () => {
  home = await newHome(api.url);
});
afterEach(() => home[Symbol.asyncDispose]());

const LOG_IN = 'Log in with "ordinaut login", or set ORDINAUT_TOKEN.';
const statusFor = async (token: string) =>
  (await fetch(`${api.url}/users/me`, { headers: { authorization: `Bearer ${token}` } })).status;

describe('login', { timeout: 60_000 }, () => {
  test("is used by the commands until logout, and the file is its owner's alone", async () => {
    expect(await home.cli(['task', 'list'])).toEqual({ code: 1, stdout: '', stderr: `error: ${LOG_IN}\n` });
    const args = ['login', '--username', 'admin', '--password-stdin'];
    const done = await home.cli(args, { input: `${adminPassword}\n` });
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(done.stdout)).toMatchObject({ username: 'admin', kind: 'user', role: 'admin', via: 'token' });
    expect((await stat(home.file)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(home.file))).mode & 0o777).toBe(0o700);
    expect(await home.json('whoami')).toMatchObject({ authenticated: true, username: 'admin', scopes: ['*'] });
    expect((await home.json('task', 'list')).items).toEqual([]);
    const { access_token } = await home.kept();
    expect(await statusFor(access_token)).toBe(200);
    expect(await home.json('logout')).toMatchObject({ details: { was_logged_in: true, server_told: true } });
    expect(await statusFor(access_token)).toBe(401);
    await expect(stat(home.file)).rejects.toThrow('ENOENT');
    expect((await home.cli(['whoami'])).stderr).toBe(`error: ${LOG_IN}\n`);
    expect(await home.json('logout')).toMatchObject({ details: { was_logged_in: false } });
  });

  test('of an agent, by its name', async () => {
    await home.login();
    const { agent_secret } = await home.json('agent', 'add', 'robot', '--scope', 'tasks:read');
    const done = await home.cli(['login', '--agent', 'robot', '--secret-stdin'], { input: agent_secret });
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(await home.json('whoami')).toMatchObject({ username: 'robot', kind: 'agent', scopes: ['tasks:read'] });
    expect(await home.kept()).toMatchObject({ kind: 'agent' });
    const { code, stderr } = await home.cli(['user', 'list']);
    expect(code).toBe(1);
    expect(stderr).toBe('error: This needs the scope admin.\n  required: admin\n  granted:  tasks:read\n');
    expect(await home.json('logout')).toMatchObject({ details: { server_told: true } });
  });

  test('with a wrong password is refused in the words of the server, and keeps what is kept', async () => {
    await home.login();
    const before = await readFile(home.file, 'utf8');
    const { code, stderr } = await home.cli(['login', '--username', 'admin', '--password-stdin'], { input: 'guess' });
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'error: The username or the password is wrong.\n' });
    expect(await readFile(home.file, 'utf8')).toBe(before);
  });

  test('anew ends the login before, and leaves that of another server alone', async () => {
    await home.login();
    const before = await home.kept();
    const { servers } = JSON.parse(await readFile(home.file, 'utf8'));
    await writeFile(home.file, JSON.stringify({ servers: { ...servers, 'https://other.example': before } }));
    await home.login();
    expect(await statusFor(before.access_token)).toBe(401);
    expect(await statusFor((await home.kept()).access_token)).toBe(200);
    const kept = JSON.parse(await readFile(home.file, 'utf8')).servers;
    expect(kept['https://other.example']).toEqual(before);
    expect((await stat(home.file)).mode & 0o777).toBe(0o600);
  });
});

describe('the file of the logins', { timeout: 60_000 }, () => {
  test('is refused where others can read it', async () => {
    await home.login();
    await chmod(home.file, 0o640);
    for (const args of [['whoami'], ['logout'], ['login', '--username', 'admin', '--password-stdin']]) {
      const { code, stderr } = await home.cli(args, { input: adminPassword });
      expect(code).toBe(2);
      expect(stderr).toBe(
        `error: Others can read ${home.file}, which holds your logins. Run "chmod 600 ${home.file}".\n`,
      );
    }
    await chmod(home.file, 0o600);
    expect((await home.cli(['whoami'])).code).toBe(0);
  });

  test('is refused where it holds something else, of which nothing is shown', async () => {
    await mkdir(dirname(home.file), { recursive: true });
    await writeFile(home.file, '{"servers": my-secret', { mode: 0o600 });
    const { code, stderr } = await home.cli(['task', 'list']);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `error: ${home.file} does not hold logins of ordinaut; delete it and log in again.\n`,
    });
  });

  test('is in XDG_CONFIG_HOME where that is set', async () => {
    const env = { XDG_CONFIG_HOME: `${home.env.HOME}/elsewhere` };
    const args = ['login', '--username', 'admin', '--password-stdin'];
    expect((await home.cli(args, { input: adminPassword, env })).code).toBe(0);
    expect((await stat(`${home.env.HOME}/elsewhere/ordinaut/credentials.json`)).mode & 0o777).toBe(0o600);
    expect((await home.cli(['whoami'], { env })).code).toBe(0);
    expect((await home.cli(['whoami'])).code).toBe(1);
  });
});

test('logout forgets the login also where the server is away, and says so', { timeout: 60_000 }, async () => {
  const other = await startServer(askingServer);
  await using away = await newHome(other.url);
  await away.login();
  const { refresh_expires_at } = await away.kept();
  await other[Symbol.asyncDispose]();
  const { message, details } = await away.json('logout');
  expect(message).toBe(
    `The login is forgotten here, but the server could not be told: No server answers at ${other.url} (ECONNREFUSED). There it ends by itself at ${refresh_expires_at}.`,
  );
  expect(details).toMatchObject({ was_logged_in: true, server_told: false });
  await expect(stat(away.file)).rejects.toThrow('ENOENT');
});

describe('ORDINAUT_TOKEN', { timeout: 60_000 }, () => {
  test('goes before a login, as an API key and as an access token', async () => {
    await home.login();
    const { api_key } = await home.json('token', 'create', 'ci', '--scope', 'tasks:read');
    const byKey = await home.cli(['whoami'], { env: { ORDINAUT_TOKEN: api_key } });
    expect(JSON.parse(byKey.stdout)).toMatchObject({ username: 'admin', via: 'api_key', scopes: ['tasks:read'] });
    await using other = await newHome(api.url);
    const { access_token } = await home.kept();
    const byToken = await other.cli(['whoami'], { env: { ORDINAUT_TOKEN: ` ${access_token}\n` } });
    expect(JSON.parse(byToken.stdout)).toMatchObject({ username: 'admin', via: 'token' });
    expect((await home.cli(['whoami'], { env: { ORDINAUT_TOKEN: ' ' } })).code).toBe(0);
  });

  test('that counts for nothing is said, and not shown', async () => {
    const refused = await home.cli(['whoami'], { env: { ORDINAUT_TOKEN: 'ordk_nothing' } });
    expect(refused).toEqual({
      code: 1,
      stdout: '',
      stderr: `error: ${LOG_IN}\n  ORDINAUT_TOKEN, which goes before a login, was refused: The API key is unknown, expired or revoked.\n`,
    });
    const torn = await home.cli(['whoami'], { env: { ORDINAUT_TOKEN: 'ordk_no\nthing' } });
    expect(torn.code).toBe(2);
    expect(torn.stderr).toMatch(/^error: ORDINAUT_TOKEN has a blank or another character that no token has/);
    expect(torn.stderr).not.toContain('ordk_');
  });

  test('is told of at a login, which it goes before', async () => {
    const args = ['login', '--username', 'admin', '--password-stdin'];
    const { code, stderr } = await home.cli(args, { input: adminPassword, env: { ORDINAUT_TOKEN: 'ordk_x' } });
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'ORDINAUT_TOKEN is set and goes before this login; unset it to use the login.\n',
    });
  });
});

describe('doctor', { timeout: 60_000 }, () => {
  const findingsOf = async () => {
    const { code, stdout } = await home.cli(['doctor'], { env: { ORDINAUT_DATA_DIR: `${home.env.HOME}/data` } });
    return { code, findings: JSON.parse(stdout).findings as { name: string }[] };
  };

  test('finds a server that does not say more without a login, and that is nothing broken', async () => {
    const { code, findings } = await findingsOf();
    expect(code).toBe(0);
    expect(findings).toContainEqual(expect.objectContaining({ name: 'server', status: 'ok' }));
    expect(findings.at(-1)).toEqual({
      name: 'login',
      status: 'warn',
      message: 'The server does not say more without a login.',
      fix: LOG_IN,
    });
  });

  test('finds who is logged in', async () => {
    await home.login();
    const { code, findings } = await findingsOf();
    expect(code).toBe(0);
    expect(findings).toContainEqual({ name: 'login', status: 'ok', message: 'The user admin' });
    expect(findings.at(-1)).toMatchObject({ name: 'extensions', status: 'ok' });
  });
});
