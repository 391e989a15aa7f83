import type { IncomingMessage } from 'node:http';
import { entryOf } from './door/entry.ts';
import { allowanceHeaders } from './door/rate-limiter.ts';
import { securityHeadersFor } from './security-headers.ts';

/** What stands on every answer to a request: security headers, and what is left of the caller's rate. */
export function answerHeaders(request: IncomingMessage): Record<string, string> {
  const { secure, allowance } = entryOf(request);
  const headers = securityHeadersFor(secure);
  return allowance === null ? { ...headers } : { ...headers, ...allowanceHeaders(allowance) };
}
