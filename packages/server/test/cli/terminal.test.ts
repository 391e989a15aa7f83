import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, askedBy } from '../approvals/asking.ts';
import { startServer, type TestServer } from '../http/running-server.ts';
import { bearer } from '../identity/people.ts';
import { api as apiAt } from '../support/server.ts';
import { adminPassword, askingServer, type CliHome, newHome } from './cli-home.ts';
import { program } from './run-cli.ts';

/** `script` of util-linux gives a program a terminal. */
const hasTerminals = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;

/** The program on a terminal. */
class Terminal {
  readonly #child: ChildProcessWithoutNullStreams;
  /** Also of one that ends before it is asked for. */
  readonly #closed: Promise<unknown[]>;
  #shown = '';

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    const command = [process.execPath, program, ...args].map((word) => `'${word}'`).join(' ');
    this.#child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env: { PATH: process.env.PATH, TERM: 'xterm', SHELL: '/bin/sh', ...env },
    });
    this.#closed = once(this.#child, 'close');
    this.#child.stdout.on('data', (chunk) => {
      this.#shown += chunk;
    });
  }

  /** Types something when it is asked for. */
  async answer(question: string, text: string): Promise<void> {
    while (!this.#shown.includes(question)) await once(this.#child.stdout, 'data');
    this.#child.stdin.write(text);
  }

  async ended(): Promise<{ code: number; shown: string }> {
    const [code] = await this.#closed;
    return { code: Number(code), shown: stripVTControlCharacters(this.#shown) };
  }
}

describe.skipIf(!hasTerminals)('on a terminal', { timeout: 60_000 }, () => {
  let api: TestServer;
  let home: CliHome;
  beforeAll(async () => {
    api = await startServer(askingServer);
    home = await newHome(api.url);
    await home.login();
  });
  afterAll(async () => {
    await home[Symbol.asyncDispose]();
    await api[Symbol.asyncDispose]();
  });
  const open = (...args: string[]) => new Terminal(args, home.env);

  test('login asks for name and password, and shows neither the password nor a token', async () => {
    const terminal = open('login');
    await terminal.answer('Username:', 'admin\r');
    await terminal.answer('Password:', `${adminPassword}\r`);
    const { code, shown } = await terminal.ended();
    expect(shown).toContain(`Logged in to ${api.url} as admin, whose role is admin.`);
    expect(code).toBe(0);
    expect(shown).not.toContain('correct');
    expect(shown).not.toContain((await home.kept()).access_token);
  });

  test('Ctrl+C at a question ends it', async () => {
    const terminal = open('login', '--username', 'admin');
    await terminal.answer('Password:', '\u0003');
    const { code, shown } = await terminal.ended();
    expect(shown).toContain('Canceled; nothing was changed.');
    expect(code).toBe(1);
  });

  test('delete asks, and does nothing without a yes', async () => {
    await home.json('user', 'add', 'anna');
    const refused = open('user', 'delete', 'anna');
    await refused.answer('Delete the user anna for good? [y/N]', '\r');
    expect(await refused.ended()).toMatchObject({ code: 1, shown: expect.stringContaining('nothing was changed') });
    const agreed = open('user', 'delete', 'anna');
    await agreed.answer('[y/N]', 'y\r');
    expect(await agreed.ended()).toMatchObject({
      code: 0,
      shown: expect.stringContaining('The user anna is deleted.'),
    });
  });

  test('passwd asks twice, and changes nothing where the two differ', async () => {
    await home.json('user', 'add', 'ben');
    const differing = open('user', 'passwd', 'ben');
    await differing.answer('New password:', 'a kettle of red fish\r');
    await differing.answer('The same again:', 'a kettle of blue fish\r');
    expect(await differing.ended()).toMatchObject({ code: 2, shown: expect.stringContaining('not the same') });
    const same = open('user', 'passwd', 'ben');
    await same.answer('New password:', 'a kettle of red fish\r');
    await same.answer('The same again:', 'a kettle of red fish\r');
    expect(await same.ended()).toMatchObject({ code: 0, shown: expect.stringContaining('The password of ben is') });
    await using ben = await newHome(api.url);
    await ben.login('ben', 'a kettle of red fish');
  });

  test('what a run asks is shown where it is looked at, and answered', { timeout: 180_000 }, async () => {
    const step = JSON.stringify(ask({ details: { diff: '+1' } }));
    const schedule = ['--once', '2099-01-01T00:00:00Z'];
    const { id: taskId } = await home.json('task', 'create', '--title', 'Asks', ...schedule, '--step', step);
    const { details } = await home.json('task', 'run', taskId);
    const { access_token } = await home.kept();
    const { approval } = await askedBy(apiAt(api.url), details.run_id, bearer(access_token));
    const waits = new RegExp(`ask\\s+approvals\\.request\\s+waiting\\s+for approval ${approval.id}, until`);
    expect(await open('run', 'show', details.run_id).ended()).toMatchObject({ shown: expect.stringMatching(waits) });
    const tail = open('run', 'tail', details.run_id);
    await tail.answer(`ordinaut approval approve ${approval.id}`, '');
    const listed = await open('approval', 'list', '--status', 'pending').ended();
    expect(listed.shown).toMatch(
      new RegExp(`ASKED BY[\\s\\S]*${approval.id}\\s+pending\\s+Deploy\\?\\s+admin\\s+until 2`),
    );
    const shown = await open('approval', 'show', approval.id).ended();
    expect(shown.shown).toMatch(/status +pending[\s\S]*requested_by +admin[\s\S]*"diff": "\+1"/);
    const approved = await open('approval', 'approve', approval.id, '--comment', 'Go').ended();
    expect(approved).toMatchObject({ code: 0, shown: expect.stringContaining(`Deploy? is approved. Run`) });
    expect(await tail.ended()).toMatchObject({ code: 0, shown: expect.stringContaining('succeeded') });
    const again = await home.json('task', 'run', taskId);
    const { approval: other } = await askedBy(apiAt(api.url), again.details.run_id, bearer(access_token));
    const rejected = await open('approval', 'reject', other.id).ended();
    expect(rejected.shown).toContain(`Deploy? is rejected. The step of run ${again.details.run_id} fails.`);
    expect((await open('run', 'list', '--task', taskId).ended()).shown).toMatch(
      new RegExp(`TASK[\\s\\S]*${details.run_id}[\\s\\S]*${taskId}`),
    );
  });

  test.each([
    [['whoami'], /name.*admin[\s\S]*scopes.*\*/],
    [['user', 'list'], /NAME.*LAST LOGIN[\s\S]*admin/],
    [['user', 'add', 'cleo'], /The user cleo is made, with the role viewer\.\s+The password, shown this once: \S{20,}/],
    [['agent', 'add', 'robot'], /The agent robot is made\.\s+Its id is \S+\.\s+The secret, shown this once: orda_/],
    [['agent', 'list'], /NAME.*LAST LOGIN[\s\S]*robot/],
    [['token', 'create', 'ci'], /The API key ci of admin is made; it does not end\.\s+The key, shown this once: ordk_/],
    [['token', 'list'], /LAST USED[\s\S]*ci .*ordk_[^…]{6}…/],
    [['audit', 'tail', '--limit', '2'], /success.*auth\.create_api_key.*admin.*by token from 127\.0\.0\.1.*201/],
    [['logout'], /Logged out of http/],
  ])('%j writes for a person', async (args, shown) => {
    expect(await open(...args).ended()).toMatchObject({ code: 0, shown: expect.stringMatching(shown) });
  });
});
