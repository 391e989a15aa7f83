import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Run } from '@ordinaut/contract';
import { expect, test } from 'vitest';
import { AlertSocket } from '../../src/http/alert-socket.ts';
import { startServer } from '../support/server.ts';
import { spawnServer } from '../support/server-process.ts';
import { logger, newPlace } from '../support/stores.ts';

/** The first byte of a close frame of a server: FIN and opcode 8. */
const CLOSE = 0x88;

const handshake = (host: string): string =>
  `GET /ws/alerts HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** A client that has shaken hands and does as it likes from then on. */
async function rawClient(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(handshake(`${hostname}:${port}`));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(String(answer)).toMatch(/^HTTP\/1.1 101 /);
  return socket;
}

test('a client that answers the good-bye against the protocol does not end the process: runs are drained', async () => {
  const place = await newPlace('sqlite');
  const first = await spawnServer(place);
  const nap = { id: 'nap', uses: 'core.sleep', with: { seconds: 1 } };
  const { id } = await first.createTask({ payload: { pipeline: [nap] } });
  const run = await first.runNow(id);
  const started = await fetch(`${first.url}/runs/${run}/stream`);
  await started.body?.getReader().read();
  const client = await rawClient(first.url);
  client.on('error', () => undefined);
  client.on('data', (bytes: Buffer) => {
    // Clients have to mask what they send.
    if (bytes[0] === CLOSE) client.write(Buffer.from([CLOSE, 0]));
  });
  const gone = once(client, 'close');
  expect(await first.end()).toBe(0);
  await gone;
  await first.logged(({ msg }) => msg === 'ordinaut has stopped');

  const second = await startServer(place);
  const { body } = await second.call<Run>('GET', `/runs/${run}`);
  expect([body.status, body.attempt]).toEqual(['succeeded', 1]);
  await second.server.stop();
  await place.remove();
});

test('a handshake under way when the server stops is refused, and nothing is left open', async () => {
  const asked = Promise.withResolvers<void>();
  const admitted = Promise.withResolvers<never>();
  const alerts = new AlertSocket({
    // The scope is looked up while everything stops.
    entrance: {
      toSocket() {
        asked.resolve();
        return admitted.promise;
      },
    },
    connections: unused('connections'),
    streams: unused('streams'),
    logger,
  });
  const taken = Promise.withResolvers<unknown>();
  const server = createServer().on('upgrade', (request: IncomingMessage, socket: Socket, head) => {
    alerts.take(request, socket, head, 'r1').then(taken.resolve, (error: unknown) => {
      socket.destroy();
      taken.resolve(error);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.write(handshake('127.0.0.1'));
  await asked.promise;
  await alerts.close();
  admitted.resolve(undefined as never);
  expect(await taken.promise).toMatchObject({ code: 'unavailable', status: 503 });
  client.destroy();
  server.close();
  await once(server, 'close');
});

/** What must not be touched. */
const unused = (name: string) =>
  new Proxy({} as never, {
    get() {
      throw new Error(`Nobody should use ${name}.`);
    },
  });
