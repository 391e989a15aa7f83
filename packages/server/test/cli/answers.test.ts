import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { listen, startServer } from '../support/server.ts';
import { newPlace } from '../support/stores.ts';
import { askingServer, newHome } from './cli-home.ts';
import { runCli, startCli } from './run-cli.ts';

test('an address that leads elsewhere is told, and what it leads to is sent nothing', async () => {
  let asked = 0;
  await using target = disposable(
    await listen((_, response) => {
      asked += 1;
      response.end();
    }),
  );
  await using server = disposable(
    await listen((_, response) => void response.writeHead(301, { location: `${target.url}/tasks` }).end()),
  );
  const { code, stderr } = await runCli(['task', 'list'], { env: { ORDINAUT_URL: server.url, ORDINAUT_TOKEN: 'x' } });
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `error: ${server.url} leads to ${target.url}/tasks (HTTP 301), and logins are only sent where they are meant for. Give the address of the server itself with --url or ORDINAUT_URL.\n`,
  });
  expect(asked).toBe(0);
});

test.each([
  ['a page', 200, 'text/html', '<h1>Router</h1>', 'URL answers, but not as Ordinaut does: <h1>Router</h1>'],
  ['nothing', 200, 'text/plain', '', 'URL answers, but not as Ordinaut does: '],
  ['other JSON', 200, 'application/json', '{"a": 1}', 'The server answers, but not with a list as Ordinaut does.'],
  ['a page that says no', 404, 'text/html', '<h1>Nothing</h1>', 'URL answered 404, not as Ordinaut does.'],
])('something else that answers with %s is told from the server', async (_, status, type, body, sentence) => {
  await using server = disposable(
    await listen((_request, response) => void response.writeHead(status, { 'content-type': type }).end(body)),
  );
  const { code, stdout, stderr } = await runCli(['task', 'list'], { env: { ORDINAUT_URL: server.url } });
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: '',
    stderr: `error: ${sentence.replace('URL', server.url)}\n`,
  });
});

test('what is sent again after a lost answer is done once: it bears the same key', async () => {
  const keys: unknown[] = [];
  await using server = disposable(
    await listen((request, response) => {
      keys.push(request.headers['idempotency-key']);
      if (keys.length === 1) response.destroy();
      else response.writeHead(201, { 'content-type': 'application/json' }).end('{"id": "a"}');
    }),
  );
  const args = ['task', 'create', '--title', 'T', '--event', 'never'];
  expect(await runCli(args, { env: { ORDINAUT_URL: server.url } })).toMatchObject({ code: 0, stderr: '' });
  expect(keys).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), keys[0]]);
});

test.each([
  [['task', 'show', '..'], 'id is ".."; it has to be a text that names something.'],
  [['task', 'list', '--url', 'http://127.0.0.1:1/?a=b'], 'leave out what begins with "?" or "#"'],
])('%j ends with 2, and sends nothing', async (args, sentence) => {
  const { code, stderr } = await runCli(args);
  expect(code).toBe(2);
  expect(stderr).toContain(sentence);
});

test('a tail goes on after the last event when the server is there again', { timeout: 60_000 }, async () => {
  const place = await newPlace('sqlite');
  let api = await startServer(place, { environment: askingServer });
  const home = await newHome(api.url);
  await home.login();
  const publish = (n: number) => home.json('events', 'publish', 'deploy.done', '--data', String(n));
  const tail = home.start(['events', 'tail', '--after', '0-0', '--topic', 'deploy.*']);
  const lines = createInterface(tail.stdout)[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value ?? '{}').data;
  try {
    await publish(1);
    expect(await next()).toBe(1);
    const { port } = new URL(api.url);
    await api.server.stop();
    api = await startServer(place, { environment: { ...askingServer, ORDINAUT_PORT: port } });
    await publish(2);
    expect(await next()).toBe(2);
    await publish(3);
    expect(await next()).toBe(3);
  } finally {
    tail.kill();
    await api.server.stop();
    await home[Symbol.asyncDispose]();
    await place.remove();
  }
});

test('Ctrl+C ends a tail at once', async () => {
  const { promise: opened, resolve: open } = Promise.withResolvers<void>();
  await using server = disposable(
    await listen((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': connected\n\n');
      open();
    }),
  );
  const tail = startCli(['events', 'tail'], { env: { ORDINAUT_URL: server.url } });
  await opened;
  tail.kill('SIGINT');
  expect(await once(tail, 'exit')).toEqual([null, 'SIGINT']);
});

function disposable(server: { url: string; close(): Promise<void> }) {
  return { ...server, [Symbol.asyncDispose]: server.close };
}
