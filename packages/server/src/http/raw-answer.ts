import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ApiError } from '../kernel/errors.ts';
import { answerHeaders } from './answer-headers.ts';
import { errorBody, errorHeaders } from './error-body.ts';

/** Answers an error where no framework has the request in its hands yet. What is left of its body is read and thrown away. */
export function answerRaw(
  request: IncomingMessage,
  response: ServerResponse,
  error: ApiError,
  requestId: string,
): void {
  if (response.headersSent || response.destroyed) return;
  const body = Buffer.from(JSON.stringify(errorBody(error, requestId)));
  const headers: Record<string, string | number> = { ...answerHeaders(request), ...errorHeaders(error) };
  headers['x-request-id'] = requestId;
  headers['cache-control'] = 'no-store';
  headers['content-type'] = 'application/json; charset=utf-8';
  headers['content-length'] = body.byteLength;
  response.writeHead(error.status, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
  request.resume();
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};

/** The same for a request that wants to be a WebSocket and has only a socket. */
export function answerUpgrade(request: IncomingMessage, socket: Duplex, error: ApiError, requestId: string): void {
  if (!socket.writable) return void socket.destroy();
  const body = JSON.stringify(errorBody(error, requestId));
  const headers = {
    ...answerHeaders(request),
    ...errorHeaders(error),
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'x-request-id': requestId,
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  // A client that never ends its side would keep the socket for ever.
  socket.end(`HTTP/1.1 ${error.status} ${reasons[error.status] ?? 'Error'}\r\n${lines.join('')}\r\n${body}`, () =>
    socket.destroy(),
  );
}
