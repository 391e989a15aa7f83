import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request that arrived, with what is needed to answer it. */
export interface Probe {
  /** 1 for the first that arrived. */
  readonly number: number;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly response: ServerResponse;
  /** Answers with JSON. */
  json(status: number, body: unknown, headers?: Record<string, string>): void;
  /** Answers with the error body of the server. */
  fail(status: number, code: string, headers?: Record<string, string>, details?: Record<string, unknown>): void;
}

export interface ProbeServer {
  readonly url: string;
  readonly host: string;
  /** Everything that arrived, in order. */
  readonly requests: Probe[];
  /** Sockets that were opened. */
  readonly sockets: number;
  /** Resolves when so many requests have arrived. */
  arrived(count: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A server on a real socket that answers as a test says. */
export async function startProbe(answer: (probe: Probe) => unknown): Promise<ProbeServer> {
  const requests: Probe[] = [];
  const open = new Set<Socket>();
  const waiting: { count: number; go: () => void }[] = [];
  let sockets = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      // Broken off by the client: there is nobody to answer.
      return;
    }
    const probe = probeOf(requests.length + 1, request, response, Buffer.concat(chunks).toString());
    requests.push(probe);
    for (const { count, go } of waiting) if (requests.length >= count) go();
    await answer(probe);
  });
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket: Socket) => {
    sockets += 1;
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${portOf(server)}`;
  return {
    url: `http://${host}`,
    host,
    requests,
    get sockets() {
      return sockets;
    },
    arrived: (count) =>
      new Promise((go) => {
        if (requests.length >= count) go();
        else waiting.push({ count, go });
      }),
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A port that nobody listens on. */
export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

function probeOf(number: number, request: IncomingMessage, response: ServerResponse, body: string): Probe {
  const json: Probe['json'] = (status, value, headers = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': `r-${number}`, ...headers });
    response.end(JSON.stringify(value));
  };
  return {
    number,
    method: request.method ?? '',
    path: request.url ?? '',
    headers: request.headers,
    body,
    response,
    json,
    fail: (status, error, headers, details = {}) =>
      json(
        status,
        { error, message: `It is ${error}.`, details, request_id: `r-${number}`, timestamp: '2026-01-01T00:00:00Z' },
        headers,
      ),
  };
}
