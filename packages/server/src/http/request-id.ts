import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** The id that a client or proxy gave the request (1–128 printable ASCII characters), otherwise a new one. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID();
}
