import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { ALERT_SOCKET_PATH, type AlertSocketQuery, AlertSocketQuery as QuerySchema } from '@ordinaut/contract';
import type { WebSocketServer } from 'ws';
import { followAlerts } from '../alerts/alert-feed.ts';
import type { EventStreams } from '../events/streams.ts';
import { ApiError, badRequest } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { withoutPrefix } from './api-prefix.ts';
import { checkHandshake } from './check-handshake.ts';
import { checkParameters } from './check-parameters.ts';
import type { LiveConnections } from './door/live-connections.ts';
import type { Entrance } from './entrance.ts';
import type { OwnSocket } from './extension-gate.ts';
import { dismiss, feedSocket } from './socket-feed.ts';

/** Clients have nothing to say; who says more than this is closed (1009). */
const MAX_PAYLOAD_BYTES = 1024;

export interface AlertSocketDeps {
  readonly entrance: Pick<Entrance, 'toSocket'>;
  readonly connections: LiveConnections;
  readonly streams: Pick<EventStreams, 'follow' | 'head'>;
  readonly logger: Logger;
}

/** The WebSocket of the core: alerts as they change, the same as `GET /alerts/stream`. It needs `alerts:read`. */
export class AlertSocket implements OwnSocket {
  readonly path = ALERT_SOCKET_PATH;
  readonly #deps: AlertSocketDeps;
  #server: WebSocketServer | null = null;
  #closed = false;

  constructor(deps: AlertSocketDeps) {
    this.#deps = deps;
  }

  isAskedFor(request: IncomingMessage): boolean {
    return withoutPrefix(request).split('?', 1)[0] === ALERT_SOCKET_PATH;
  }

  /** Takes a connection in. @throws ApiError where it may not come in, or has asked for something that cannot be. */
  async take(request: IncomingMessage, socket: Socket, head: Buffer, requestId: string): Promise<void> {
    const { entrance, connections, streams, logger } = this.#deps;
    await entrance.toSocket(request, 'alerts:read', requestId);
    const { after = null, ...filter } = queryOf(request);
    checkHandshake(request);
    const server = await this.#open();
    if (socket.destroyed) return;
    // It may have begun to stop meanwhile; nobody would end this one any more.
    if (this.#closed) throw new ApiError('unavailable', 'The server is stopping.', { retryAfterSeconds: 5 });
    connections.admit(request, socket);
    server.handleUpgrade(request, socket, head, (client) => {
      void feedSocket(client, (signal) => followAlerts(streams, filter, { after, signal }), logger);
    });
  }

  /** Ends all of them, and takes nobody in any more. */
  async close(): Promise<void> {
    this.#closed = true;
    const clients = [...(this.#server?.clients ?? [])];
    await Promise.all(clients.map(dismiss));
  }

  /** Loaded when it is first asked for. */
  async #open(): Promise<WebSocketServer> {
    const { WebSocketServer } = await import('ws');
    this.#server ??= new WebSocketServer({ noServer: true, maxPayload: MAX_PAYLOAD_BYTES });
    return this.#server;
  }
}

/** @throws ApiError `bad_request` */
function queryOf(request: IncomingMessage): AlertSocketQuery {
  const search = new URLSearchParams(withoutPrefix(request).split('?').slice(1).join('?'));
  const query: Record<string, string | string[]> = {};
  for (const name of new Set(search.keys())) {
    const values = search.getAll(name);
    query[name] = values.length === 1 ? values[0]! : values;
  }
  const issues = checkParameters(QuerySchema, query);
  if (issues.length > 0) throw badRequest(issues);
  return query;
}
