import { once } from 'node:events';
import { createServer, type Server, type ServerOptions } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answerClientErrors } from '../../src/http/client-error.ts';
import { httpServerFactory } from '../../src/http/http-server.ts';
import { InFlight } from '../../src/http/in-flight.ts';
import { logger } from '../../test/support/stores.ts';
import { faultsOf } from '../support/error-answer.ts';
import { answersIn, connectTo } from '../support/raw-exchange.ts';

/** As long as the server waits here, in milliseconds, in place of a quarter of a minute and a minute. */
const SHORT = { headersTimeout: 300, requestTimeout: 600, connectionsCheckingInterval: 50 };

let server: Server;
let url: string;
let wanted: ServerOptions;
beforeAll(async () => {
  const gate = { request: () => false, upgrade: () => undefined };
  const makeServer = (settings: ServerOptions) => {
    wanted = settings;
    return createServer({ ...settings, ...SHORT });
  };
  server = httpServerFactory(gate, { makeServer, maxConnections: 100, inFlight: new InFlight() })(
    (request, response) => {
      request.resume().on('end', () => response.end('all of it'));
      // Who is given up hears of it by `clientError`.
      request.on('error', () => undefined);
    },
  );
  server.on('clientError', answerClientErrors(logger));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port.');
  url = `http://127.0.0.1:${address.port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

/** Sends the beginning and then a byte at a time for as long as the server takes them; gives what it said when it had enough. */
async function drip(beginning: string, piece: string): Promise<string> {
  const socket = await connectTo(url);
  let received = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.write(beginning);
  const timer = setInterval(() => socket.writable && socket.write(piece), 20);
  await closed;
  clearInterval(timer);
  return received;
}

test('the server gives requests and their headers a limited time', () => {
  expect(wanted).toMatchObject({ headersTimeout: 15_000, requestTimeout: 60_000 });
  expect(wanted.connectionsCheckingInterval).toBeLessThanOrEqual(5_000);
  expect(server.keepAliveTimeout).toBe(72_000);
});

test.each([
  ['nothing', '', ''],
  ['headers that never end', 'GET / HTTP/1.1\r\nHost: localhost\r\n', 'X: y\r\n'],
  ['a header that never ends', 'GET / HTTP/1.1\r\nHost: localhost\r\nX: ', 'y'],
  ['a request line that never ends', 'GET /', 'a'],
  ['a body that never ends', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n', '{'],
  ['chunks that never end', 'POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\n{\r\n'],
])('%s is given up, with an error that says so', async (_name, beginning, piece) => {
  const [answer, ...more] = answersIn(await drip(beginning, piece));
  expect(more).toEqual([]);
  expect(answer?.status).toBe(408);
  expect(faultsOf(answer!)).toEqual([]);
  expect(JSON.parse(answer!.text).error).toBe('timeout');
});

test('whoever sends in time is served', async () => {
  expect(
    await drip('POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 10\r\n\r\n', 'x'),
  ).toMatch(/^HTTP\/1.1 200 .*all of it$/s);
});
