import type { AuditEntry } from '@ordinaut/contract';

/** A user or an agent. */
export interface Principal {
  readonly id: string;
  readonly kind: 'user' | 'agent';
  readonly name: string;
  readonly role: string | null;
}

/** What a caller has shown: an access token, an API key, the cookie of a session, or nothing. */
export type Via = AuditEntry['via'];

/** Who asks for something, from where, and what they may do. */
export interface Caller {
  /** Name of the user or agent; null where nobody is known. */
  readonly principal: string | null;
  /** The same with the rest that is known of them. */
  readonly identity: Principal | null;
  /** What they may do. */
  readonly scopes: readonly string[];
  readonly via: Via;
  /** The login that a token or cookie came of. */
  readonly sessionId: string | null;
  /** Address of the client. */
  readonly address: string;
  readonly requestId: string;
}

/** Whether nobody knows who it is, and they may do nothing but what is open to everybody: they are told no more than they need. */
export const isStranger = ({ identity, scopes }: Caller): boolean => identity === null && scopes.length === 0;
