import { createInterface } from 'node:readline';
import type { AuditEntry } from '@ordinaut/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../http/running-server.ts';
import { startServer as startAt } from '../support/server.ts';
import { newPlace } from '../support/stores.ts';
import { askingServer, type CliHome, newHome } from './cli-home.ts';

let api: TestServer;
let admin: CliHome;
beforeAll(async () => {
  api = await startServer(askingServer);
  admin = await newHome(api.url);
  await admin.login();
});
afterAll(async () => {
  await admin[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

const entriesOf = (stdout: string): AuditEntry[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

test('tail shows the newest at the end, by principal, action and outcome', { timeout: 60_000 }, async () => {
  await admin.json('user', 'add', 'anna');
  await admin.json('agent', 'add', 'robot', '--no-credentials');
  await admin.cli(['user', 'delete', 'nobody', '--yes']);
  const last = entriesOf((await admin.cli(['audit', 'tail', '--limit', '3'])).stdout);
  expect(last).toMatchObject([
    { action: 'users.create', principal: 'admin', outcome: 'success' },
    { action: 'agents.create', principal: 'admin' },
    { action: 'users.delete', target: 'nobody', outcome: 'failed', status: 404, error: 'not_found' },
  ]);
  const filter = ['--principal', 'admin', '--action', 'users.delete', '--outcome', 'failed'];
  expect(entriesOf((await admin.cli(['audit', 'tail', ...filter])).stdout)).toMatchObject([{ id: last[2]!.id }]);
  const wrong = await admin.cli(['audit', 'tail', '--outcome', 'good', '--limit', '0']);
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toMatch(/^ {2}outcome: /m);
  expect(wrong.stderr).toMatch(/^ {2}limit: /m);
  await using stranger = await newHome(api.url);
  expect((await stranger.cli(['audit', 'tail', '--follow'])).code).toBe(1);
});

test('--follow shows what comes, once, and lives through an outage', { timeout: 90_000 }, async () => {
  const place = await newPlace('sqlite');
  let server = await startAt(place, { environment: askingServer });
  const home = await newHome(server.url);
  await home.login();
  const { access_token } = await home.kept();
  const addUser = async (username: string) => {
    const authorization = `Bearer ${access_token}`;
    expect((await server.call('POST', '/users', { username }, { authorization })).status).toBe(201);
  };
  await addUser('one');
  const tail = home.start(['audit', 'tail', '--follow', '--limit', '1', '--action', 'users.create']);
  const errors = createInterface(tail.stderr)[Symbol.asyncIterator]();
  const lines = createInterface(tail.stdout)[Symbol.asyncIterator]();
  const ids = new Set<string>();
  const next = async () => {
    const entry: AuditEntry = JSON.parse((await lines.next()).value ?? '');
    ids.add(entry.id);
    return entry.action;
  };
  try {
    await next();
    await addUser('two');
    await next();
    const { port } = new URL(server.url);
    await server.server.stop();
    expect((await errors.next()).value).toBe(
      `No server answers at ${server.url} (ECONNREFUSED). Trying again every second.`,
    );
    server = await startAt(place, { environment: { ...askingServer, ORDINAUT_PORT: port } });
    await addUser('three');
    await next();
    await addUser('four');
    await next();
    expect(ids.size).toBe(4);
  } finally {
    tail.kill();
    await server.server.stop();
    await home[Symbol.asyncDispose]();
    await place.remove();
  }
});
