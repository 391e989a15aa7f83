import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Run } from '@ordinaut/contract';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { AlertSocket } from '../../src/http/alert-socket.ts';
import { metricOf } from '../support/extensions.ts';
import { pluginFolder } from '../support/plugins.ts';
import { expectRefused } from '../support/refused-socket.ts';
import { listen, startServer } from '../support/server.ts';
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
  const asked = Promise.withResolvers<ServerResponse>();
  const peer = await listen((_request, response) => asked.resolve(response));
  const { id } = await first.createTask({
    payload: { pipeline: [{ id: 'ask', uses: 'http.request', with: { url: peer.url } }] },
  });
  const run = await first.runNow(id);
  const response = await asked.promise;
  const client = await rawClient(first.url);
  client.on('error', () => undefined);
  client.on('data', (bytes: Buffer) => {
    // Clients have to mask what they send.
    if (bytes[0] === CLOSE) client.write(Buffer.from([CLOSE, 0]));
  });
  const gone = once(client, 'close');
  const ended = first.end();
  await gone;
  response.end('done');
  expect(await ended).toBe(0);
  await first.logged(({ msg }) => msg === 'ordinaut has stopped');

  await peer.close();
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

test('a handshake that is refused is counted, logged and told to monitoring plugins', async () => {
  const place = await newPlace('sqlite');
  const folder = pluginFolder();
  folder.write(
    'points',
    `export class Points extends BaseRequestMonitoringPlugin {
      flushPointToMonitoring(point) { this.app.logger.info({ point }, 'a point'); }
    }`,
  );
  const server = await spawnServer(place, {
    ORDINAUT_PLUGINS_DIR: folder.path,
    ORDINAUT_ACTIVE_PLUGINS: 'points',
  });
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/api/v1/ws/alerts?severity=x`);
  expect(await expectRefused(socket)).toBe(400);
  const request = await server.logged(({ msg, path }) => msg === 'request' && path === '/api/v1/ws/alerts');
  expect(request).toMatchObject({ method: 'GET', status: 400 });
  const { point } = await server.logged(({ msg, point }) => msg === 'a point' && routeOf(point) === 'GET:/ws/alerts');
  expect(point).toMatchObject({ tags: { status_code: 400 } });
  const counted = 'http_requests_total{method="GET",endpoint="/ws/alerts",status="400"}';
  expect(await metricOf(server, counted)).toBe(1);
  expect(await server.end()).toBe(0);
  folder.remove();
  await place.remove();
});

const routeOf = (point: unknown): unknown => (point as { tags: { route: unknown } }).tags.route;

/** What must not be touched. */
const unused = (name: string) =>
  new Proxy({} as never, {
    get() {
      throw new Error(`Nobody should use ${name}.`);
    },
  });
