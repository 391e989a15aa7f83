import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startServer } from '../running-server.ts';

test('clients that leave while it is looked at who they are take no place from others', async () => {
  await using api = await startServer({ ORDINAUT_AUTH: 'required', ORDINAUT_MAX_REQUESTS: '20' });
  const { hostname, port } = new URL(api.url);
  const leave = async (index: number) => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    // A cookie that is not known has to be looked up.
    socket.write(`GET /ext/status HTTP/1.1\r\nHost: ${hostname}\r\nCookie: ordinaut_session=ords_${index}\r\n\r\n`);
    socket.resetAndDestroy();
  };
  for (let round = 0; round < 10; round++)
    await Promise.all(Array.from({ length: 15 }, (_, index) => leave(round * 15 + index)));
  // What has left is forgotten as soon as its connection is; until then there may be no room.
  let status = 503;
  const begun = performance.now();
  while (status === 503 && performance.now() - begun < 5_000) {
    const response = await fetch(`${api.url}/ext/status`);
    await response.arrayBuffer();
    status = response.status;
  }
  expect(status).toBe(200);
});

test('while as many are answered as may be, others are turned away, and probes are not', async () => {
  await using api = await startServer({ ORDINAUT_MAX_REQUESTS: '2' });
  const { hostname, port } = new URL(api.url);
  // Three whose bodies are still to come.
  const waiting = await Promise.all(
    [1, 2, 3].map(async () => {
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      socket.write(
        `POST /tasks HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
      );
      return socket;
    }),
  );
  let refused: Response;
  do {
    refused = await fetch(`${api.url}/tasks`);
    await refused.arrayBuffer();
  } while (refused.status !== 503);
  expect(refused.headers.get('retry-after')).toBe('10');
  for (const path of ['/health', '/health/live', '/health/ready']) {
    const response = await fetch(api.url + path);
    await response.arrayBuffer();
    expect(response.status).toBe(200);
  }
  for (const socket of waiting) socket.destroy();
  do {
    refused = await fetch(`${api.url}/tasks`);
    await refused.arrayBuffer();
  } while (refused.status !== 200);
});
