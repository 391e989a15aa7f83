import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { OrdinautClient } from '../../src/index.ts';
import { createTestServer, startFaultProxy } from '../../src/testing/index.ts';

test('the example of the manual works', async () => {
  // from here
  const server = createTestServer();
  const client = new OrdinautClient({
    baseUrl: 'http://test.localhost',
    username: 'admin',
    password: 'admin password',
    fetch: server.fetch,
  });

  const task = server.seed.task({ title: 'report' });
  server.state.outcomes.push({ status: 'failed', error: { code: 'network_error', message: 'away' } });
  server.faults.next({ operation: 'tasks.run_now', reset: true, processed: true });

  const { details } = await client.tasks.runNow(task.id);
  const run = await client.runs.wait(String(details.run_id));

  expect(run).toMatchObject({ status: 'failed', error: { code: 'network_error' } });
  // The answer of the first request was lost; the second one had its key, so there is one run.
  expect(server.requests.count('tasks.run_now')).toBe(2);
  expect(server.state.runs.size).toBe(1);
  client.close();
  await server.close();
  // to here
});

test('it is the example of the manual', () => {
  const manual = readFileSync(join(import.meta.dirname, '../../src/testing/README.md'), 'utf8');
  const own = readFileSync(import.meta.filename, 'utf8');
  const [, code = ''] = /\/\/ from here\n([\s\S]*?) {2}\/\/ to here/.exec(own) ?? [];
  expect(code.length).toBeGreaterThan(500);
  expect(manual).toContain(`\`\`\`ts\n${code.replace(/^ {2}/gm, '')}\`\`\``);
});

test('a proxy for what is no server says so', async () => {
  await expect(startFaultProxy({ upstream: 'https://example.com' })).rejects.toThrow(/such as http:/);
});
