import { expect, test } from 'vitest';
import { startServer } from '../http/running-server.ts';
import { listen } from '../support/server.ts';
import { runCli } from './run-cli.ts';

const tooMany = (seconds: string) => ({
  status: 429,
  headers: { 'retry-after': seconds },
  body: { error: 'rate_limit_exceeded', message: 'Slowly.', details: {} },
});

/** A server that says some times that it is asked too often, and then answers. */
async function busyServer(refusals: number, seconds: string) {
  let asked = 0;
  const server = await listen((_, response) => {
    asked += 1;
    const { status, headers, body } =
      asked <= refusals ? tooMany(seconds) : { status: 200, headers: {}, body: { items: [] } };
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  });
  const taskList = () => runCli(['task', 'list'], { env: { ORDINAUT_URL: server.url } });
  return { taskList, asked: () => asked, [Symbol.asyncDispose]: server.close };
}

test('a short wait is waited for, three times', async () => {
  await using server = await busyServer(3, '0');
  expect(await server.taskList()).toMatchObject({ code: 0, stderr: '' });
  expect(server.asked()).toBe(4);
});

test('after that the server is asked no more', async () => {
  await using server = await busyServer(9, '0');
  expect(await server.taskList()).toMatchObject({ code: 1, stderr: 'error: Slowly.\n' });
  expect(server.asked()).toBe(4);
});

test.each(['11', 'Wed, 21 Oct 2099 07:28:00 GMT'])('a wait of %s is not waited for', async (seconds) => {
  await using server = await busyServer(9, seconds);
  expect(await server.taskList()).toMatchObject({ code: 1, stderr: 'error: Slowly.\n' });
  expect(server.asked()).toBe(1);
});

test('the real server says how long and who sets it', async () => {
  await using api = await startServer({ ORDINAUT_RATE_LIMIT: '1/1h' });
  await fetch(`${api.url}/tasks`);
  const { code, stderr } = await runCli(['task', 'list'], { env: { ORDINAUT_URL: api.url } });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: More than 1 requests in 3600s\. Try again in \d+ s; .*ORDINAUT_RATE_LIMIT/);
});
