import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from './running-server.ts';

let api: TestServer;
beforeAll(async () => {
  api = await startServer();
});
afterAll(() => api[Symbol.asyncDispose]());

/** What the server writes to bytes that no HTTP client would send, until it closes the connection. */
async function answerTo(bytes: string): Promise<{ status: number; headers: string; body: Record<string, unknown> }> {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  socket.write(bytes);
  const answer = await text(socket);
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), headers: head, body: JSON.parse(body) };
}

test.each([
  ['bytes that are no HTTP', 'hello\r\n\r\n', 400],
  ['a method that does not exist', 'FOO / HTTP/1.1\r\nHost: localhost\r\n\r\n', 400],
  ['headers over 16 KiB', `GET / HTTP/1.1\r\nHost: localhost\r\nX-Big: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ['a URL over 16 KiB', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
  [
    'two lengths of one body',
    'POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    400,
  ],
  [
    'a chunk that is none',
    'POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    400,
  ],
])('%s gets the error body', async (_name, bytes, status) => {
  const answer = await answerTo(bytes);
  expect(answer.status).toBe(status);
  expect(answer.headers).toMatch(/Content-Type: application\/json; charset=utf-8/i);
  expect(Object.keys(answer.body).sort()).toEqual(['details', 'error', 'message', 'request_id', 'timestamp']);
  expect(answer.body.error).toBe('bad_request');
});

test('a client that leaves in the middle of its body does no harm', async () => {
  const { hostname, port } = new URL(api.url);
  const socket = connect(Number(port), hostname);
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  socket.on('close', () => resolve());
  socket.write(
    'POST /tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a',
    () => socket.resetAndDestroy(),
  );
  await gone;
  expect((await fetch(`${api.url}/health/live`)).status).toBe(200);
});
