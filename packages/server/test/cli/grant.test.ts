import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../http/running-server.ts';
import { ADMIN_PASSWORD } from '../identity/people.ts';
import { runCli } from './run-cli.ts';

let api: TestServer;
beforeAll(async () => {
  api = await startServer({ ORDINAUT_ADMIN_PASSWORD: ADMIN_PASSWORD });
});
afterAll(() => api[Symbol.asyncDispose]());
const cli = (...args: string[]) => runCli(args, { env: { ORDINAUT_URL: api.url } });

test.each(['user', 'agent'])('%s grant changes role and scopes', async (kind) => {
  const name = `granted-${kind}`;
  const add = kind === 'user' ? ['user', 'add', name] : ['agent', 'add', name, '--no-credentials'];
  expect((await cli(...add)).code).toBe(0);
  const changed = await cli(kind, 'grant', name, '--role', 'none', '--scope', 'tasks:read', '--scope', 'runs:*');
  expect(JSON.parse(changed.stdout)).toMatchObject({ role: null, effective_scopes: ['runs:*', 'tasks:read'] });
  expect((await cli(kind, 'grant', name)).stderr).toContain('--role, --scope or both');
  const wrong = await cli(kind, 'grant', name, '--role', 'king');
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('role')]);
});
