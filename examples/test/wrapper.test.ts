import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { withLogin } from '../../packages/server/test/identity/people.ts';
import { type ExampleServer, exampleServer } from './support/example-server.ts';
import { endPrograms, run } from './support/programs.ts';

// Programs are started, one after another, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

let server: ExampleServer;
beforeEach(async () => {
  server = await exampleServer('here', withLogin());
});
afterEach(async () => {
  await endPrograms();
  await server.close();
});

test('what its tests say of it holds for the real server, too', async () => {
  const { api_key } = await server.client.apiKeys.create({ name: 'soc', scopes: ['alerts:read', 'alerts:write'] });
  const lines = await run('sdk/wrapper/demo.ts', [], { ORDINAUT_URL: server.url, ORDINAUT_TOKEN: api_key });
  expect(lines.slice(0, 5)).toEqual([
    'New: Backdoor in the shop',
    'Known: Backdoor in the shop',
    'Most urgent: Backdoor in the shop',
    'ada has it: in work',
    'It is closed.',
  ]);
  expect(lines).toEqual(
    expect.arrayContaining([
      'soc_calls_total{operation="alerts.submit",outcome="ok"} 2',
      'soc_calls_total{operation="alerts.acknowledge",outcome="ok"} 1',
      expect.stringMatching(/^soc_call_p95_seconds\{operation="alerts\.submit"\} \d+\.\d+$/),
      'soc_retry_ratio 0',
    ]),
  );
  expect((await server.client.alerts.list()).items).toMatchObject([
    { status: 'resolved', assigned_agent: 'ada', occurrences: 2 },
  ]);
});
