import type { IncomingMessage } from 'node:http';
import { ApiError, badRequest } from '../kernel/errors.ts';

const key = /^[+/0-9A-Za-z]{22}==$/;
/** A list of tokens of RFC 9110 section 5.6.2. */
const protocols = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:[ \t]*,[ \t]*[!#$%&'*+.^_`|~0-9A-Za-z-]+)*$/;

/**
 * Looks at the handshake of a WebSocket (RFC 6455 section 4.2.1) before an extension gets it: what it refuses itself has a body
 * of HTML and none of our headers.
 *
 * @throws ApiError
 */
export function checkHandshake({ method = '', httpVersion, headers }: IncomingMessage): void {
  if (method !== 'GET')
    throw new ApiError('method_not_allowed', `A WebSocket begins with GET, and not with ${method}.`, {
      details: { method, allowed: ['GET'] },
    });
  const wrong = (field: string, issue: string) => badRequest([{ field, issue }]);
  if (headers.host === undefined && httpVersion === '1.1') throw wrong('Host', 'is missing; HTTP/1.1 needs it');
  if (!key.test(headers['sec-websocket-key'] ?? ''))
    throw wrong('Sec-WebSocket-Key', 'must be 16 random bytes as base64');
  if (!['13', '8'].includes(headers['sec-websocket-version'] ?? '')) throw wrong('Sec-WebSocket-Version', 'must be 13');
  const wanted = headers['sec-websocket-protocol'];
  if (wanted === undefined) return;
  const names = wanted.split(',').map((name) => name.trim());
  if (!protocols.test(wanted) || new Set(names).size < names.length)
    throw wrong('Sec-WebSocket-Protocol', 'must be different names, separated by commas');
}
