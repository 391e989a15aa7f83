import { RunFailure } from '../kernel/errors.ts';

/** Header by name in lower case. */
export type RequestHeaders = Map<string, string>;

/**
 * What the client says itself. `Host` would reach another site at an allowed address, and would decide which certificate is
 * taken for the right one; the others say where a message ends and what becomes of the connection (RFC 9112 section 6 and 9,
 * RFC 9110 section 7.6.1), which others use after it.
 */
const ownNames = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The headers of a request as a caller gives them.
 *
 * @throws RunFailure `input_invalid` for a header that the client sets itself. What is no name or no value of a header is
 *   refused by undici.
 */
export function requestHeaders(given: Readonly<Record<string, string>>): RequestHeaders {
  const headers: RequestHeaders = new Map(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]));
  for (const name of headers.keys()) {
    if (ownNames.has(name)) {
      throw new RunFailure('input_invalid', `The header ${name} cannot be given: it follows from the request.`);
    }
  }
  return headers;
}

/** Names that speak of a secret, whatever they are in full: `X-Api-Key`, `Private-Token`, `X-Amz-Security-Token`. */
const secret = /auth|cookie|token|secret|passw|credential|session|signature|key(?![a-z])/;

/** The same to be a repetition for the other side, and no secret. */
const noSecret = new Set(['idempotency-key']);

/** Takes out what only the origin may know that the caller has named. */
export function dropSecrets(headers: RequestHeaders): void {
  for (const name of headers.keys()) if (secret.test(name) && !noSecret.has(name)) headers.delete(name);
}

/** Takes out what describes a body that is not sent any more. */
export function dropBodyHeaders(headers: RequestHeaders): void {
  for (const name of headers.keys()) if (name.startsWith('content-')) headers.delete(name);
}
