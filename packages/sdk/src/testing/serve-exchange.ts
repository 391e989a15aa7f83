import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { systemClock } from '../clock.ts';
import { ConnectionCut, type Exchange, type Outcome } from './exchange.ts';
import { nodeModule } from './node-module.ts';

/** An exchange behind a socket of this machine. */
export interface Served {
  readonly url: string;
  /** The connections there were: all of them, those that are open, and the most that were open at once. */
  readonly connections: { readonly total: number; readonly open: number; readonly most: number };
  /** Ends every open connection, as a server does that dies; new ones are taken. */
  dropConnections(): void;
  /** Takes no connections until `resume`, as a server does that is being restarted. The port stays its own. */
  suspend(): Promise<void>;
  resume(): Promise<void>;
  close(): Promise<void>;
}

/** Fastify's value, which the server has: idle connections outlive those of the usual clients. */
const KEEP_ALIVE_MS = 72_000;
/** What a client has to read the last bytes before a cut, in milliseconds. */
const SETTLE_MS = 25;

/** Serves an exchange on a free port of the loopback. */
export async function serveExchange(exchange: Exchange): Promise<Served> {
  const { createServer } = nodeModule('node:http');
  const { once } = nodeModule('node:events');
  const sockets = new Set<Socket>();
  const connections = { total: 0, open: 0, most: 0 };
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    answer(exchange, request, response).catch((error) => response.destroy(error));
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    connections.total += 1;
    connections.open += 1;
    connections.most = Math.max(connections.most, connections.open);
    socket.once('close', () => {
      sockets.delete(socket);
      connections.open -= 1;
    });
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const dropConnections = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const stop = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    dropConnections();
    await closed;
  };
  const port = await listen(0);
  return {
    url: `http://127.0.0.1:${port}`,
    connections,
    dropConnections,
    suspend: stop,
    resume: async () => void (await listen(port)),
    close: stop,
  };
}

async function answer(exchange: Exchange, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const left = new AbortController();
  response.once('close', () => left.abort());
  const body = await bodyOf(request);
  const outcome = await exchange({
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    headers: headersOf(request),
    body,
    signal: left.signal,
  });
  if (response.destroyed) return;
  if (outcome.kind === 'reset') return reset(response);
  await write(outcome, response);
}

async function write({ status, headers, body }: Extract<Outcome, { kind: 'answer' }>, response: ServerResponse) {
  if (typeof body === 'string') {
    response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
    response.end(body);
    return;
  }
  response.writeHead(status, headers);
  response.flushHeaders();
  try {
    for await (const piece of body) {
      if (response.destroyed) return;
      if (!response.write(piece)) await drained(response);
    }
    response.end();
  } catch (error) {
    if (!(error instanceof ConnectionCut) && !response.destroyed) throw error;
    // The end of a connection takes what was sent and has not been read yet: how much is cut off would be left to chance.
    await new Promise<void>((resolve) => systemClock.setTimer(resolve, SETTLE_MS));
    reset(response);
  }
}

/** Until there is room again, or nobody left who would read. */
const drained = (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const go = () => {
      response.off('drain', go);
      response.off('close', go);
      resolve();
    };
    response.on('drain', go);
    response.on('close', go);
  });

function reset({ socket }: ServerResponse): void {
  socket?.resetAndDestroy();
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array | null> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return pieces.length === 0 ? null : new Uint8Array(Buffer.concat(pieces));
}

const headersOf = ({ headers }: IncomingMessage): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]));
