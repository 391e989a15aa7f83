import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from './running-server.ts';

let api: TestServer;
beforeAll(async () => {
  api = await startServer();
});
afterAll(() => api[Symbol.asyncDispose]());

test('a call of an unknown tool is not found, and names the tools like it', async () => {
  const response = await fetch(`${api.url}/tools/core.ecko/call`, { method: 'POST' });
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({
    error: 'not_found',
    message: 'There is no tool core.ecko. Did you mean core.echo?',
    details: { what: 'tool', id: 'core.ecko' },
  });
});
