import type { Socket } from 'node:net';
import { ApiError, badRequest } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import type { Logger } from '../kernel/logger.ts';
import { errorBody } from './error-body.ts';
import { securityHeaders } from './security-headers.ts';

/**
 * Answers what Node's HTTP parser refuses, before there is a request: the same error body, written to the bare socket.
 *
 * Here the status says more than the catalogue: 431 and 408 tell proxies and clients what to do, and have no code of
 * their own.
 */
export const answerClientErrors =
  (logger: Logger) =>
  (error: ConnectionError, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    const { status, answer } = answerOf(error);
    const requestId = newId();
    logger.info({ request_id: requestId, status, code: error.code }, 'request refused before it could be read');
    if (socket.writable) {
      const body = JSON.stringify(errorBody(answer, requestId));
      socket.write(
        `HTTP/1.1 ${status} ${reasons[status]}\r\nContent-Type: application/json; charset=utf-8\r\n` +
          `Content-Length: ${Buffer.byteLength(body)}\r\nX-Request-Id: ${requestId}\r\n` +
          `${headerLines}Connection: close\r\n\r\n${body}`,
      );
    }
    socket.destroySoon();
  };

const headerLines = Object.entries(securityHeaders)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join('');

type ConnectionError = Error & { code?: string };

// An import of `node:http` from a module loads all that it can lazily load, fetch and WebSocket among it: 60 ms.
const reasons = { 400: 'Bad Request', 408: 'Request Timeout', 431: 'Request Header Fields Too Large' } as const;

function answerOf(error: { code?: string }): { status: keyof typeof reasons; answer: ApiError } {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return {
        status: 431,
        answer: badRequest([{ field: 'headers', issue: 'the URL and headers are larger than 16 KiB' }]),
      };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, answer: new ApiError('timeout', 'The request did not arrive in time.') };
    case 'HPE_INVALID_METHOD':
      return { status: 400, answer: badRequest([{ field: 'method', issue: 'is not an HTTP method' }]) };
    default:
      return { status: 400, answer: badRequest([{ field: '', issue: 'this is not a valid HTTP request' }]) };
  }
}
