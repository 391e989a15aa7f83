/** How a connection of a stream ends after its first event, or what the connection after it is answered. */
export const streamBreaks = ['close', 'reset', '401', '503', 'silence'] as const;
export type StreamBreak = (typeof streamBreaks)[number];

/** How a port of the probe server behaves. */
export type Scenario =
  /** Answers everything, after so many milliseconds. */
  | { readonly is: 'fine'; readonly delayMs: number }
  /** Answers 503 for ever. */
  | { readonly is: 'away'; readonly retryAfterSeconds: number | null }
  /** Takes requests and never answers. */
  | { readonly is: 'mute' }
  /** Sends the headers and half of a body, and then nothing. */
  | { readonly is: 'stalled' }
  /** Does what the first request asks for, and answers it with 500. */
  | { readonly is: 'lost answer' }
  /** Revokes the token after one call; the next so many requests are held, and refused one after another over a time. */
  | { readonly is: 'revoked'; readonly requests: number; readonly spreadMs: number }
  /** A stream of two events that breaks between them. */
  | { readonly is: 'stream'; readonly breaks: StreamBreak };

/** What came to a port. */
export interface Seen {
  /** Without logins. */
  readonly requests: number;
  /** After the token was revoked, where one was; otherwise all. */
  readonly logins: number;
  readonly sockets: number;
  /** How often something was done that a POST asked for. */
  readonly effects: number;
  /** `Last-Event-ID` of the connections of a stream after the first that were let in. */
  readonly resumedAfter: readonly string[];
}
