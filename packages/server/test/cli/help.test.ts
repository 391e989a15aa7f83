import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { settings } from '../../src/config/settings.ts';
import { version } from '../../src/kernel/version.ts';
import { runCli } from './run-cli.ts';

test('--version is the version', async () => {
  expect(await runCli(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

test('--help names every command, gives examples and the exit codes', async () => {
  const { code, stdout } = await runCli(['--help']);
  expect(code).toBe(0);
  for (const name of [
    ...['serve', 'migrate', 'task', 'run', 'events', 'alert', 'tool', 'handler', 'ext', 'schedule', 'doctor'],
    ...['login', 'logout', 'whoami', 'user', 'agent', 'token', 'audit'],
  ]) {
    expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
  }
  expect(stdout).toContain('$ ordinaut serve');
  expect(stdout).toMatch(/Exit codes:[\s\S]*0 .*[\s\S]*1 .*[\s\S]*2 .*[\s\S]*3 /);
});

describe('help of every command', () => {
  test.each(
    [
      'serve',
      'migrate',
      'task create',
      'task list',
      'task show',
      'task run',
      'task pause',
      'task resume',
      'task cancel',
      'run list',
      'run show',
      'run tail',
      'run cancel',
      'run retry',
      'alert submit',
      'alert list',
      'alert show',
      'alert ack',
      'alert update',
      'alert tail',
      'tool list',
      'tool show',
      'tool call',
      'handler create',
      'handler list',
      'handler show',
      'handler update',
      'handler delete',
      'handler call',
      'handler events',
      'ext list',
      'ext reload',
      'ext enable',
      'ext disable',
      'ext reset',
      'ext new',
      'ext validate',
      'ext test',
      'ext dev',
      'schedule preview',
      'doctor',
      'login',
      'logout',
      'whoami',
      'user list',
      'user add',
      'user show',
      'user passwd',
      'user disable',
      'user enable',
      'user delete',
      'agent list',
      'agent add',
      'agent show',
      'agent disable',
      'agent enable',
      'agent delete',
      'agent credentials',
      'token create',
      'token list',
      'token revoke',
      'audit tail',
    ].map((name) => [name]),
  )('%s', async (name) => {
    const { code, stdout, stderr } = await runCli([...name.split(' '), '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: ordinaut ${name} `));
  });

  test('serve has a flag for every setting, with its variable', async () => {
    const { stdout } = await runCli(['serve', '--help']);
    const joined = stdout.replace(/\s+/g, ' ');
    for (const { flag, env } of settings) {
      expect(joined).toContain(`--${flag} `);
      expect(joined).toContain(`($${env}`);
    }
  });
});

describe('a wrong use ends with 2 and says what is wrong', () => {
  test.each([
    [['nope'], /unknown command 'nope'/],
    [['task', 'list', '--nope'], /unknown option '--nope'/],
    [['task', 'show'], /missing required argument 'id'/],
    [['task', 'create', '--title', 'x'], /needs a schedule/],
    [
      ['task', 'create', '--cron', '* * * * *', '--once', '2030-01-01'],
      /one schedule, but there are --cron and --once/,
    ],
    [['task', 'create', '--condition', 'payload.x'], /--condition needs --event/],
    [['task', 'create', '--file', '/does/not/exist.json'], /cannot be read/],
    [['task', 'create', '--file', '-'], /Standard input is not valid JSON/],
    [['task', 'create', '--cron', '* * * * *', '--step', '{id'], /--step \{id is not valid JSON/],
    [['task', 'create', '--cron', '* * * * *', '--param', 'novalue'], /must be name=value/],
    [['task', 'list', '--url', 'ftp://x'], /must be like http/],
    [['task', 'list', '--url', 'http://me:secret@x'], /has a name or password in it/],
    [['alert', 'submit'], /There is nothing to submit: give --title, or --file/],
    [['alert', 'submit', '--title', 'a', '--ioc', 'x'], /--ioc is "x"; it must be type:value/],
    [['alert', 'submit', '--file', '/does/not/exist.json'], /cannot be read/],
    [['alert', 'update', 'x'], /There is nothing to change/],
    [['login'], /no terminal to ask on\. Give --username, and --password-stdin/],
    [['login', '--agent', 'a'], /no terminal to ask on\. Give --secret-stdin/],
    [['login', '--password-stdin'], /needs --username/],
    [['login', '--secret-stdin'], /needs --agent/],
    [['login', '--agent', 'a', '--username', 'b'], /An agent has a secret and no password/],
    [['login', '--username', 'a', '--password-stdin'], /needs one line, the password, on standard input/],
    [['user', 'passwd'], /no terminal to ask on\. Give --password-stdin, with your present password/],
    [['user', 'passwd', 'anna'], /no terminal to ask on\. Give --password-stdin/],
    [['user', 'delete', 'anna'], /no terminal to ask on\. Give --yes/],
    [['agent', 'delete', '01890000-0000-7000-8000-000000000001'], /no terminal to ask on\. Give --yes/],
    [['schedule', 'preview'], /one of --cron, --rrule and --once/],
    [['schedule', 'preview', '--cron', '61 * * * *'], /61/],
    [['serve', '--port', 'many'], /--port is "many"; it must be a whole number/],
    [['serve', '--host', '0.0.0.0', '--auth', 'off'], /others can reach/],
    [['ext', 'new', 'a b'], /cannot be the id of an extension/],
    [['ext', 'new', 'status'], /keeps the id "status" for itself/],
    [['ext', 'dev', '/does/not/exist'], /There is nothing at \/does\/not\/exist/],
  ])('%j', async (args, message) => {
    const { code, stderr, stdout } = await runCli(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/ {4}at /);
  });

  test('every setting that is wrong is told at once', async () => {
    const { code, stderr } = await runCli(['serve'], { env: { ORDINAUT_PROT: '1', ORDINAUT_LOG_LEVEL: 'loud' } });
    expect(code).toBe(2);
    expect(stderr).toMatch(/ORDINAUT_PROT .*Did you mean ORDINAUT_PORT/);
    expect(stderr).toMatch(/ORDINAUT_LOG_LEVEL is "loud"; it must be one of trace/);
  });
});

test('no server at the URL ends with 3', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  server.close();
  await once(server, 'close');
  const { code, stderr } = await runCli(['task', 'list'], { env: { ORDINAUT_URL: url } });
  expect(code).toBe(3);
  expect(stderr).toBe(`error: No server answers at ${url} (ECONNREFUSED).\n`);
  const elsewhere = await runCli(['task', 'list'], { env: { ORDINAUT_URL: url, ORDINAUT_PORT: '9' } });
  expect([elsewhere.code, elsewhere.stderr]).toEqual([
    3,
    `error: No server answers at ${url} (ECONNREFUSED). ORDINAUT_PORT (9) is read by servers alone: give the address with --url or ORDINAUT_URL.\n`,
  ]);
});

test('schedule preview needs no server', async () => {
  const { code, stdout } = await runCli([
    ...['schedule', 'preview', '--cron', '30 2 * * *', '--timezone', 'Europe/Berlin'],
    ...['--from', '2026-03-28T12:00:00Z', '--count', '2'],
  ]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout).fire_times).toMatchObject([
    { at: '2026-03-29T01:30:00.000Z', note: expect.stringContaining('does not exist') },
    { at: '2026-03-30T00:30:00.000Z', note: null },
  ]);
});
