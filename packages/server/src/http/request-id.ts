import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Ids of this process: a random beginning and a count, in the form of a UUID. A random one each time takes 1 µs. */
const beginning = randomUUID().slice(0, -12);
let count = 0;
const newRequestId = (): string => beginning + (count++).toString(16).padStart(12, '0');

/** The id that a client or proxy gave the request (1–128 printable ASCII characters), otherwise a new one. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[\x21-\x7e]{1,128}$/.test(given) ? given : newRequestId();
}
