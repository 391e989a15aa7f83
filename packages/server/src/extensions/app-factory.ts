import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { Caller } from '../identity/caller.ts';
import type { Logger } from '../kernel/logger.ts';

/** What became of one request to an extension. */
export interface RequestOutcome {
  readonly method: string;
  /** 101 of a WebSocket; 499 where the client has left before the answer began. */
  readonly status: number;
  /** null of a stream or WebSocket, which lasts as long as somebody listens. */
  readonly seconds: number | null;
  /** The client did not wait for the end of the answer: it says nothing of the extension. */
  readonly left: boolean;
  /** Name of the error class where the extension failed or took too long; null for everything else. */
  readonly errorType: string | null;
}

export interface ExtensionAppOptions {
  readonly id: string;
  readonly logger: Logger;
  /** Milliseconds after which a request without an answer gets 504. */
  readonly requestTimeoutMs: number;
  /** An error of the extension as it should be logged: with the author's files and lines. */
  localize(error: unknown): unknown;
  /**
   * A request has come in; what it answers is called once with the outcome, when the connection is free again.
   *
   * @param endpoint pattern of the route, never the raw path; `unmatched` where none fits.
   */
  onOpened(endpoint: string): (outcome: RequestOutcome) => void;
}

export interface ExtensionApp {
  readonly app: FastifyInstance;
  /** Who has sent a request, or asked for a WebSocket. */
  callerOf(request: IncomingMessage): Caller;
}

/** Makes the Fastify instance of one generation, with the server's error body, headers and limits. The HTTP room has it. */
export type AppFactory = (options: ExtensionAppOptions) => Promise<ExtensionApp>;
