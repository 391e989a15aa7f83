import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { AuditEntry, Page } from '@ordinaut/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer as startOpenServer } from '../http/running-server.ts';
import { startServer } from '../support/server.ts';
import { shiftedClock } from '../support/shifted-clock.ts';
import { newPlace } from '../support/stores.ts';
import { adminPassword, askingServer, type CliHome, newHome } from './cli-home.ts';

const HOUR_MS = 3_600_000;

/** A server whose clock can be set forward, and somebody who is logged in there. */
async function openPlace() {
  const clock = shiftedClock();
  const place = await newPlace('sqlite');
  const api = await startServer(place, { environment: askingServer, clock });
  const home = await newHome(api.url);
  await home.login();
  return {
    clock,
    home,
    /** How many times a refresh token came, by what came of it. */
    async refreshes(outcome: string) {
      const { access_token } = await home.kept();
      const authorization = `Bearer ${access_token}`;
      const path = `/audit?action=auth.refresh&outcome=${outcome}`;
      return (await api.call<Page<AuditEntry>>('GET', path, undefined, { authorization })).body.total;
    },
    async close() {
      await home[Symbol.asyncDispose]();
      await api.server.stop();
      await place.remove();
    },
  };
}

let place: Awaited<ReturnType<typeof openPlace>>;
let home: CliHome;
beforeEach(async () => {
  place = await openPlace();
  home = place.home;
});
afterEach(() => place.close());

test('a token that the server takes for expired is refreshed, and the request sent again', {
  timeout: 60_000,
}, async () => {
  const before = await home.kept();
  place.clock.shift(2 * HOUR_MS);
  const task = await home.json('task', 'create', '--title', 'T', '--event', 'never');
  expect(task).toMatchObject({ title: 'T' });
  const after = await home.kept();
  expect(after.access_token).not.toBe(before.access_token);
  expect(after.refresh_token).not.toBe(before.refresh_token);
  expect((await stat(home.file)).mode & 0o777).toBe(0o600);
  expect((await home.json('task', 'list')).items).toMatchObject([{ id: task.id }]);
  expect(await place.refreshes('success')).toBe(1);
});

test('a token that is expired by the clock here is refreshed before it is shown', { timeout: 60_000 }, async () => {
  const before = await home.kept();
  await home.keep({ access_expires_at: new Date(Date.now() + 5_000).toISOString() });
  expect(await home.json('whoami')).toMatchObject({ username: 'admin' });
  const after = await home.kept();
  expect(after.access_token).not.toBe(before.access_token);
  expect(Date.parse(after.access_expires_at)).toBeGreaterThan(Date.now() + HOUR_MS / 2);
});

test('many commands at once refresh once, and the session lives', { timeout: 90_000 }, async () => {
  for (const round of [1, 2]) {
    place.clock.shift(2 * HOUR_MS);
    const all = await Promise.all(Array.from({ length: 5 }, () => home.cli(['whoami'])));
    expect(all.map(({ code, stderr }) => ({ code, stderr }))).toEqual(Array(5).fill({ code: 0, stderr: '' }));
    expect(await place.refreshes('success')).toBe(round);
    expect(await place.refreshes('refused')).toBe(0);
  }
});

test('a stream is opened with a refreshed token too', { timeout: 60_000 }, async () => {
  expect((await home.json('events', 'publish', 'deploy.done')).success).toBe(true);
  place.clock.shift(2 * HOUR_MS);
  const tail = home.start(['events', 'tail', '--after', '0-0', '--topic', 'deploy.*']);
  const lines: unknown[] = [];
  for await (const line of createInterface(tail.stdout)) {
    lines.push(JSON.parse(line));
    break;
  }
  tail.kill();
  expect(lines).toMatchObject([{ topic: 'deploy.done' }]);
  expect(await place.refreshes('success')).toBe(1);
});

test('a session that has ended is said, and forgotten', { timeout: 60_000 }, async () => {
  place.clock.shift(31 * 24 * HOUR_MS);
  const { code, stderr } = await home.cli(['task', 'list']);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr:
      'error: Log in with "ordinaut login", or set ORDINAUT_TOKEN.\n  The server said: The refresh token is expired; log in again.\n',
  });
  await expect(stat(home.file)).rejects.toThrow('ENOENT');
  expect((await home.cli(['task', 'list'])).stderr).toBe(
    'error: Log in with "ordinaut login", or set ORDINAUT_TOKEN.\n',
  );
});

test('with --json the body of the server is what it is', { timeout: 60_000 }, async () => {
  place.clock.shift(31 * 24 * HOUR_MS);
  const { code, stderr } = await home.cli(['task', 'list', '--json']);
  expect(code).toBe(1);
  expect(JSON.parse(stderr)).toMatchObject({ error: 'unauthorized', details: { required_scopes: ['tasks:read'] } });
});

test('a server that nobody has to log in to answers also after a login that is over', { timeout: 60_000 }, async () => {
  const login = await home.kept();
  await using open = await startOpenServer({ ORDINAUT_ADMIN_PASSWORD: adminPassword });
  await using other = await newHome(open.url);
  await other.login();
  await other.keep(login);
  expect((await other.json('task', 'list')).items).toEqual([]);
  await expect(stat(other.file)).rejects.toThrow('ENOENT');
});
