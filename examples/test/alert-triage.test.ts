import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Approval, OrdinautClient } from '@ordinaut/sdk';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { withLogin } from '../../packages/server/test/identity/people.ts';
import { nextQuestion } from '../alert-triage/decide.ts';
import { findTask, setUp } from '../alert-triage/setup.ts';
import { type ExampleServer, exampleServer } from './support/example-server.ts';
import { endPrograms, type Program, root, run, shell, start } from './support/programs.ts';

// Programs are started, one after another, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

const folder = join(root, 'examples/alert-triage');
const manual = readFileSync(join(folder, 'README.md'), 'utf8');
const record = JSON.parse(readFileSync(join(folder, 'alert.eve.json'), 'utf8'));

let server: ExampleServer;
let env: Record<string, string>;
afterEach(async () => {
  await endPrograms();
  await server.close();
});

async function begin(how: 'here' | 'process' = 'here', settings: Record<string, string> = {}) {
  server = await exampleServer(how, settings);
  const firewall = start('alert-triage/firewall.ts', [], { FIREWALL_PORT: '0' });
  const url = (await firewall.line(/listens on/)).split(' ').at(-1)!;
  env = { ORDINAUT_URL: server.url, FIREWALL_URL: url };
  return firewall;
}
const blocks = async () => (await fetch(`${env.FIREWALL_URL}/blocks`)).json();
const runs = async () => (await server.client.runs.list()).items;
const question = async (): Promise<Approval> => {
  const task = await findTask(server.client);
  return nextQuestion(server.client, task!.id);
};
/** Sends a record that differs from the one of the example. */
async function sendOther(fields: object): Promise<readonly string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'ordinaut-eve-'));
  try {
    const file = join(directory, 'record.json');
    await writeFile(file, JSON.stringify({ ...record, ...fields }));
    return await run('alert-triage/send.ts', [file], env);
  } finally {
    await rm(directory, { recursive: true });
  }
}

describe('with the SDK', () => {
  let firewall: Program;
  beforeEach(async () => {
    firewall = await begin();
    await run('alert-triage/setup.ts', [], env);
  });

  test('two webhooks are one alert and one run, and an approval blocks the address', async () => {
    const again = await run('alert-triage/setup.ts', [], env);
    expect(again).toEqual([
      expect.stringMatching(/^Webhook: http.*\/handlers\/.*\/events$/),
      expect.stringContaining('ask, then block'),
    ]);
    expect((await server.client.tasks.list()).total).toBe(1);
    const sent = [...(await run('alert-triage/send.ts', [], env)), ...(await run('alert-triage/send.ts', [], env))];
    expect(sent).toEqual([
      expect.stringContaining('"occurrences":1,"signature":"ET EXPLOIT Apache log4j RCE Attempt"'),
      expect.stringContaining('"occurrences":2'),
    ]);
    const asked = await question();
    expect(asked).toMatchObject({
      title: 'Block 203.0.113.7?',
      message: 'ET EXPLOIT Apache log4j RCE Attempt',
      details: { severity: 'critical', source: 'suricata', affected_assets: ['10.0.0.5'] },
    });
    expect(await blocks()).toEqual([]);
    const [shown, ended] = await run('alert-triage/decide.ts', ['approve', 'A known attacker'], env);
    expect(shown).toContain('Block 203.0.113.7? {"alert_id":');
    expect(ended).toMatch(/^Run .* succeeded: /);
    const { items: alerts, total } = await server.client.alerts.list();
    expect(total).toBe(1);
    expect(alerts[0]).toMatchObject({ status: 'resolved', occurrences: 2, severity: 'critical' });
    expect(JSON.parse(alerts[0]!.raw_log!)).toEqual(record);
    expect(JSON.parse(ended!.slice(ended!.indexOf('{')))).toEqual({
      alert_id: alerts[0]!.id,
      address: '203.0.113.7',
      decision: 'approved',
      comment: 'A known attacker',
      blocked: true,
      alert_status: 'resolved',
      occurrences: 2,
    });
    expect(await blocks()).toEqual([
      { address: '203.0.113.7', reason: `ET EXPLOIT Apache log4j RCE Attempt (alert ${alerts[0]!.id})` },
    ]);
    expect(await runs()).toHaveLength(1);
  });

  test('a rejection blocks nothing, and a decision can wait for its question', async () => {
    const decide = start('alert-triage/decide.ts', ['reject', 'A scanner of ours'], env);
    await run('alert-triage/send.ts', [], env);
    const ended = await decide.line(/^Run /);
    expect(ended).toContain('"decision":"rejected","comment":"A scanner of ours","blocked":false');
    expect(await blocks()).toEqual([]);
    expect((await server.client.alerts.list()).items).toMatchObject([{ status: 'triaged' }]);
  });

  test('a firewall that is away is tried again, and an alert that comes back is asked about again', async () => {
    const port = new URL(env.FIREWALL_URL!).port;
    /** Approves while the firewall is away, and waits until the run has failed to reach it. */
    const approveInVain = async (): Promise<string> => {
      await run('alert-triage/send.ts', [], env);
      const { id, run_id } = await question();
      await firewall.end();
      await server.client.approvals.approve(id);
      let wasRunning = false;
      for await (const item of server.client.runs.stream(run_id)) {
        const { status } = Object(item.type === 'event' && item.name === 'run' ? item.data : null);
        if (wasRunning && status === 'queued') break;
        wasRunning ||= status === 'running';
      }
      return run_id;
    };
    const startFirewall = async () => {
      firewall = start('alert-triage/firewall.ts', [], { FIREWALL_PORT: port });
      await firewall.line(/listens on/);
    };
    const first = await approveInVain();
    await startFirewall();
    expect(await server.client.runs.wait(first)).toMatchObject({ status: 'succeeded', output: { blocked: true } });
    const second = await approveInVain();
    expect((await server.client.alerts.list()).items.map(({ status }) => status)).toEqual(['new', 'resolved']);
    await server.client.runs.cancel(second);
    await startFirewall();
    const { details } = await server.client.runs.retry(second);
    expect(await server.client.runs.wait(String(details.run_id))).toMatchObject({ output: { blocked: true } });
    expect((await server.client.approvals.list()).total).toBe(2);
  });

  test('what is no alert makes none, and what is not critical asks nobody', async () => {
    expect(await sendOther({ event_type: 'dns', alert: undefined })).toEqual([
      'It is no alert, and no event came of it.',
    ]);
    expect((await server.client.alerts.list()).total).toBe(0);
    for (const [severity, named] of [
      [2, 'high'],
      [3, 'medium'],
      [4, 'low'],
    ] as const) {
      await sendOther({ alert: { ...record.alert, severity, signature: `Number ${severity}` } });
      expect((await server.client.alerts.list()).items[0]).toMatchObject({ severity: named, status: 'new' });
    }
    // Events are handled in order: had one of those before it started a run, it would be there now.
    await run('alert-triage/send.ts', [], env);
    await question();
    expect(await runs()).toHaveLength(1);
  });
});

test('where people log in, the webhook needs handlers:run alone, and the step mark a key of its own', async () => {
  await begin('here', withLogin());
  const { client } = server;
  const { handler, task } = await setUp(client, { firewall: env.FIREWALL_URL!, ordinaut: server.url });
  const keyOf = async (...scopes: string[]) => (await client.apiKeys.create({ name: 'test', scopes })).api_key;
  const { pipeline, ...payload } = task.payload;
  const headers = { 'X-API-Key': await keyOf('alerts:write') };
  const marked = pipeline.map((step) => (step.id === 'mark' ? { ...step, with: { ...step.with, headers } } : step));
  await client.tasks.update(task.id, { payload: { ...payload, pipeline: marked } });
  const forwarder = new OrdinautClient({ baseUrl: server.url, apiKey: await keyOf('handlers:run') });
  await forwarder.handlers.generate(handler.id, record);
  forwarder.close();
  const { id, run_id } = await question();
  await client.approvals.approve(id);
  const run = await client.runs.wait(run_id);
  expect(run).toMatchObject({ status: 'succeeded', output: { alert_status: 'resolved' } });
  expect(JSON.stringify(run)).not.toContain(headers['X-API-Key']);
  expect(JSON.stringify(await client.tasks.get(task.id))).toContain(headers['X-API-Key']);
});

test('a server that is killed while it asks goes on with the answer after it is back', {
  timeout: 60_000,
}, async () => {
  await begin('process');
  await run('alert-triage/setup.ts', [], env);
  await run('alert-triage/send.ts', [], env);
  const before = await question();
  await server.stop();
  await server.start();
  expect(await question()).toEqual(before);
  const [, ended] = await run('alert-triage/decide.ts', ['approve'], env);
  expect(ended).toContain('"blocked":true,"alert_status":"resolved","occurrences":1');
  expect(await blocks()).toMatchObject([{ address: '203.0.113.7' }]);
  expect(await runs()).toHaveLength(1);
});

test('the commands of the manual do what it says', async () => {
  const firewall = await begin();
  const [, section = ''] = /## With the command line\n([\s\S]*?)\n## /.exec(manual) ?? [];
  const [make, call, look, answer, after, ...rest] = [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map(
    ([, block]) => block!,
  );
  expect(rest).toEqual([]);
  const replaced = [
    ['http://127.0.0.1:8080', server.url],
    ['http://127.0.0.1:9090', env.FIREWALL_URL!],
    // The places of the firewall and of the server are not those of the file here.
    ['--file examples', `--param firewall=${env.FIREWALL_URL} --param ordinaut=${server.url} --file examples`],
  ] as const;
  const sh = (commands: string) => shell(commands, env, replaced);
  const called = await sh(`${make}\n${call}`);
  expect(called).toMatch(/"occurrences":1.*"occurrences":2/s);
  const { run_id } = await question();
  expect(await sh(look!)).toMatch(/"occurrences": 2[\s\S]*"status": "waiting"/);
  expect(await sh(answer!)).toMatch(/"title": "Block 203.0.113.7\?"[\s\S]*"comment": "A known attacker"/);
  await server.client.runs.wait(run_id);
  expect(firewall.lines.at(-1)).toMatch(/^blocked 203\.0\.113\.7: /);
  expect(await sh(after!)).toMatch(/"address":"203.0.113.7"[\s\S]*"status": "resolved"[\s\S]*"blocked": true/);
});
