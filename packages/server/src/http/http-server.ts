import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { badRequest } from '../kernel/errors.ts';
import type { ExtensionGate } from './extension-gate.ts';
import type { InFlight } from './in-flight.ts';
import { answerRaw } from './raw-answer.ts';
import { requestIdOf } from './request-id.ts';

/** Milliseconds for a whole request to arrive. */
const REQUEST_TIMEOUT_MS = 60_000;
const HEADERS_TIMEOUT_MS = 15_000;
/** How often it is looked whose time is over. Node's own half a minute would make three quarters of one of the headers' quarter. */
const LOOK_MS = 5_000;
/** Fastify's own value for connections that wait for their next request. */
const KEEP_ALIVE_MS = 72_000;

/** Makes a server that does not listen yet. */
export type MakeServer = (settings: ServerOptions) => Server;

export const plainServer: MakeServer = (settings) => createServer(settings);

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Makes the server that both worlds hang on: requests for extensions go through the gate, all others to the core.
 *
 * @param options.maxConnections more are closed as they come.
 */
export const httpServerFactory =
  (
    gate: ExtensionGate,
    { makeServer, maxConnections, inFlight }: { makeServer: MakeServer; maxConnections: number; inFlight: InFlight },
  ) =>
  (core: Listener): Server => {
    const settings: ServerOptions = {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: LOOK_MS,
      // Node would answer 400 with nothing in it; see below.
      requireHostHeader: false,
      // Clients that would rather speak HTTP/2 ask for `h2c`, and take the answer in HTTP/1.1 (RFC 9110 section 7.8).
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    };
    const server = makeServer(settings);
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    server.maxConnections = maxConnections;
    // A connection that was reset does not know any more where it came from; once asked for, it remembers.
    server.on('connection', (socket: Socket) => void socket.remoteAddress);
    server.on('secureConnection', (socket: Socket) => void socket.remoteAddress);
    const listener: Listener = (request, response) => {
      inFlight.track(response);
      if (lacksHost(request)) answerRaw(request, response, withoutHost(), requestIdOf(request));
      else if (!gate.request(request, response)) core(request, response);
    };
    server.on('request', listener);
    // Node would answer 417 with nothing in it; what is expected besides `100-continue` may be ignored (RFC 9110 section 10.1.1).
    server.on('checkExpectation', listener);
    server.on('upgrade', (request, socket, head) => gate.upgrade(request, socket as Socket, head));
    return server;
  };

/** RFC 9112 section 3.2: such a request is answered with 400. */
const lacksHost = ({ headers, httpVersion }: IncomingMessage): boolean =>
  headers.host === undefined && httpVersion === '1.1';

const withoutHost = () => badRequest([{ field: 'Host', issue: 'is missing; HTTP/1.1 needs it' }]);
