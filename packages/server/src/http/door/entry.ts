import type { IncomingMessage } from 'node:http';
import type { Credential } from '../../identity/authenticator.ts';
import type { Caller } from '../../identity/caller.ts';
import type { Allowance } from './rate-limiter.ts';

/** What the door has found out about a request, for whoever handles it further on. */
export interface Entry {
  caller: Caller | null;
  allowance: Allowance | null;
  /** What it has shown and what was found good; null for strangers. */
  credential: Credential | null;
  /** Whether the connection, or that to the proxy before it, is encrypted. */
  secure: boolean;
}

const entry = Symbol('entry');

declare module 'node:http' {
  interface IncomingMessage {
    [entry]?: Entry;
  }
}

export const entryOf = (request: IncomingMessage): Entry => {
  request[entry] ??= { caller: null, allowance: null, credential: null, secure: false };
  return request[entry];
};

/** Who asks. @throws Error for a request that did not come through the door. */
export function callerOf(request: IncomingMessage): Caller {
  const { caller } = entryOf(request);
  if (caller === null) throw new Error('The request did not come through the door.');
  return caller;
}
