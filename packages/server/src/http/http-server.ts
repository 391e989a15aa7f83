import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ExtensionGate } from './extension-gate.ts';

/** Milliseconds for a whole request to arrive. */
const REQUEST_TIMEOUT_MS = 60_000;
const HEADERS_TIMEOUT_MS = 15_000;
/** Fastify's own value for connections that wait for their next request. */
const KEEP_ALIVE_MS = 72_000;

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** Makes the server that both worlds hang on: requests for extensions go through the gate, all others to the core. */
export const httpServerFactory =
  (gate: ExtensionGate) =>
  (core: Listener): Server => {
    const server = createServer({
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      // Clients that would rather speak HTTP/2 ask for `h2c`, and take the answer in HTTP/1.1 (RFC 9110 section 7.8).
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    });
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    server.on('request', (request, response) => {
      if (!gate.request(request, response)) core(request, response);
    });
    server.on('upgrade', (request, socket, head) => gate.upgrade(request, socket as Socket, head));
    return server;
  };
