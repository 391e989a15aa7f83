import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFaultProxy } from '@ordinaut/sdk/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { ADMIN_PASSWORD, withLogin } from '../../packages/server/test/identity/people.ts';
import { type ExampleServer, exampleServer } from './support/example-server.ts';
import { endPrograms, root, run } from './support/programs.ts';

// Programs are started, one after another, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

let server: ExampleServer | null = null;
afterEach(async () => {
  await endPrograms();
  await server?.close();
  server = null;
});

test('three lines log in, wait and try again', async () => {
  server = await exampleServer('here', withLogin());
  await server.client.alerts.submit({ title: 'Fire', severity: 'critical', source: 'sensor' });
  const proxy = await startFaultProxy({ upstream: server.url });
  proxy.faults.next({ operation: 'alerts.list', status: 401 });
  proxy.faults.next({ operation: 'alerts.list', status: 429, retryAfter: 0 });
  proxy.faults.next({ operation: 'alerts.list', status: 503 });
  const env = { ORDINAUT_URL: proxy.url, ORDINAUT_USERNAME: 'admin', ORDINAUT_PASSWORD: ADMIN_PASSWORD };
  expect(await run('sdk/list-alerts.ts', [], env)).toEqual(['critical new: Fire']);
  expect(proxy.requests.of('alerts.list').map(({ status }) => status)).toEqual([401, 429, 503, 200]);
  await proxy.close();
});

test('the manual shows the three lines as they are run', () => {
  const read = (name: string) => readFileSync(join(root, 'examples/sdk', name), 'utf8');
  const [, shown] = /```ts\n([\s\S]*?)```/.exec(read('README.md')) ?? [];
  expect(shown?.split('\n').length).toBe(4);
  expect(read('list-alerts.ts')).toContain(shown);
});
