import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OrdinautClient } from '@ordinaut/sdk';
import { type FaultProxy, startFaultProxy } from '@ordinaut/sdk/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AlertSender, type Outcome } from '../sdk/service-integration/alert-sender.ts';
import { type ExampleServer, exampleServer } from './support/example-server.ts';
import { endPrograms, type Program, root, shell, start } from './support/programs.ts';

// Programs are started, one after another, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

let server: ExampleServer;
let proxy: FaultProxy;
beforeEach(async () => {
  server = await exampleServer();
  proxy = await startFaultProxy({ upstream: server.url });
});
afterEach(async () => {
  await endPrograms();
  await proxy.close();
  await server.close();
});

const failed = (address: string, user = 'root') =>
  `Mar  1 09:14:07 shop sshd[4211]: Failed password for ${user} from ${address} port 51234 ssh2\n`;
const watch = async (): Promise<Program> => {
  const program = start('sdk/service-integration/service.ts', [], { ORDINAUT_URL: proxy.url });
  await program.line(/^Watching/);
  return program;
};
const fault = (more: object) => proxy.faults.next({ path: '/alerts/bulk', method: 'POST', ...more });

test('every line counts once, whatever happens to answers, and the end of the input is the end', async () => {
  fault({ status: 500, processed: true });
  fault({ status: 503, retryAfter: 0 });
  fault({ reset: true, processed: true });
  const program = await watch();
  program.child.stdin!.write('Mar  1 09:14:00 shop sshd[4211]: Server listening on 0.0.0.0 port 22.\n');
  for (let n = 0; n < 250; n += 1)
    program.child.stdin!.write(failed(`203.0.113.${n % 2}`, n % 3 === 0 ? 'root' : 'invalid user bob'));
  program.child.stdin!.write(failed('203.0.113.0').replace('Failed', 'Accepted'));
  program.child.stdin!.end();
  expect(await program.ended).toBe(0);
  expect(program.lines).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^new critical: SSH login as root by password /),
      expect.stringMatching(/^new medium: SSH login failed /),
      'alerts: 3 new, 248 again, 0 rejected, 0 lost',
      expect.stringMatching(/^alerts\.bulk: \d+ calls, \d+ failed, [1-9]\d* retries, p50 [\d.]+ ms, p95 [\d.]+ ms$/),
      expect.stringMatching(/^retry ratio 0\.[1-9]/),
    ]),
  );
  const { items } = await server.client.alerts.list();
  expect(items.map(({ severity, occurrences }) => [severity, occurrences]).toSorted()).toEqual([
    ['critical', 1],
    ['medium', 125],
    ['medium', 125],
  ]);
});

test('the commands of the manual write what it says', async () => {
  const manual = readFileSync(join(root, 'examples/sdk/service-integration/README.md'), 'utf8');
  const [, commands = ''] = /without a log of your own:\n\n```sh\n([\s\S]*?)```/.exec(manual) ?? [];
  const [, shown = ''] = /```\n(Watching[\s\S]*?)```/.exec(manual) ?? [];
  const alike = (text: string) => text.replaceAll(/ [\d.]+ ms/g, ' … ms').replaceAll(/ 01\S+/g, ' 01…');
  expect(alike(await shell(commands, { ORDINAUT_URL: server.url }, []))).toBe(alike(shown));
});

test('a server that is away is waited for, and a signal ends the service when all is sent', async () => {
  const program = await watch();
  program.child.stdin!.write(failed('203.0.113.1'));
  await program.line(/^new medium/);
  await server.stop();
  const before = proxy.requests.count('alerts.bulk');
  program.child.stdin!.write(`${failed('203.0.113.1')}${failed('203.0.113.2')}`.repeat(20));
  await expect.poll(() => proxy.requests.count('alerts.bulk'), { timeout: 30_000 }).toBeGreaterThan(before + 1);
  const ended = program.end('SIGTERM');
  await server.start();
  expect(await ended).toBe(0);
  expect(program.lines).toContain('alerts: 2 new, 39 again, 0 rejected, 0 lost');
  const { items } = await server.client.alerts.list();
  expect(items.map(({ iocs, occurrences }) => [iocs[0]!.value, occurrences]).toSorted()).toEqual([
    ['203.0.113.1', 21],
    ['203.0.113.2', 20],
  ]);
});

test('an alert that is wrong holds up no other, and what is not taken in time is lost by name', async () => {
  const outcomes: Outcome[] = [];
  const client = new OrdinautClient({ baseUrl: proxy.url, validation: { requests: 'off' } });
  const newSender = () => new AlertSender({ client, onOutcome: (outcome) => void outcomes.push(outcome) });
  const alert = { title: 'Disk is full', severity: 'low', source: 'test' } as const;
  const sender = newSender();
  sender.add({ ...alert, title: '' });
  sender.add(alert);
  await sender.close();
  expect(outcomes.splice(0)).toEqual([
    { is: 'rejected', alert: { ...alert, title: '' }, reason: expect.stringContaining('title') },
    { is: 'created', alert: expect.objectContaining(alert) },
  ]);
  expect(() => sender.add(alert)).toThrow('closed');
  await server.stop();
  const other = newSender();
  for (const severity of ['low', 'critical'] as const) other.add({ ...alert, severity });
  await other.close(50);
  expect(outcomes.map(({ is, alert: { severity } }) => [is, severity]).toSorted()).toEqual([
    ['lost', 'critical'],
    ['lost', 'low'],
  ]);
  client.close();
});

test('a reader waits while there is no room', async () => {
  const outcomes: Outcome[] = [];
  const client = new OrdinautClient({ baseUrl: proxy.url });
  const options = { client, batchSize: 2, capacity: 2, onOutcome: (outcome: Outcome) => void outcomes.push(outcome) };
  const sender = new AlertSender(options);
  const add = (title: string) => sender.add({ title, severity: 'low', source: 'test' });
  await server.stop();
  add('first');
  add('second');
  await expect.poll(() => proxy.requests.count('alerts.bulk'), { timeout: 30_000 }).toBeGreaterThan(0);
  await sender.room();
  add('third');
  add('fourth');
  let hasRoom = false;
  const room = sender.room().then(() => {
    hasRoom = true;
  });
  const tried = proxy.requests.count('alerts.bulk');
  await expect.poll(() => proxy.requests.count('alerts.bulk'), { timeout: 30_000 }).toBeGreaterThan(tried);
  expect([hasRoom, outcomes]).toEqual([false, []]);
  await server.start();
  await room;
  await sender.close();
  expect(outcomes.map(({ is, alert: { title } }) => [is, title])).toEqual(
    ['first', 'second', 'third', 'fourth'].map((title) => ['created', title]),
  );
  client.close();
});
