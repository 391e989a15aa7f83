import type { FastifyInstance } from 'fastify';
import type { Logger } from '../kernel/logger.ts';

/** What became of one request to an extension. */
export interface RequestOutcome {
  readonly method: string;
  /** Pattern of the route, never the raw path; `unmatched` where none fits. */
  readonly endpoint: string;
  readonly status: number;
  readonly seconds: number;
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
  /** A request has come in for a route; answers what to call when its connection is free again. */
  onOpened(endpoint: string): () => void;
  onSettled(outcome: RequestOutcome): void;
}

/** Makes the Fastify instance of one generation, with the server's error body, headers and limits. The HTTP room has it. */
export type AppFactory = (options: ExtensionAppOptions) => Promise<FastifyInstance>;
