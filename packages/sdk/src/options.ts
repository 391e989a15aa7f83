import type { Clock } from './clock.ts';
import type { OperationId } from './generated/operations.ts';
import type { Observer } from './telemetry/events.ts';

/** A user logs in with name and password. */
export interface PasswordCredentials {
  readonly username: string;
  readonly password: string;
  /** Only these of what the user may do. Default: all of it. */
  readonly scopes?: readonly string[] | undefined;
}

/** An agent logs in with id (or name) and secret. */
export interface AgentLogin {
  readonly agentId: string;
  readonly agentSecret: string;
  /** Only these of what the agent may do. Default: all of it. */
  readonly scopes?: readonly string[] | undefined;
}

/** An API key, sent as `X-API-Key`. */
export interface ApiKeyCredentials {
  readonly apiKey: string;
}

/** An access token or API key that somebody else looks after, sent as `Authorization: Bearer`. */
export interface TokenCredentials {
  /** The token; or what gives it, asked for every call. Null: send none. */
  readonly token: string | (() => string | null | Promise<string | null>);
  /**
   * Is told that the server refused a token with 401, once for each token however many calls carried it; again after
   * 5 s where there was no other.
   *
   * @returns whether `token` gives another one now: then the calls are sent once more. Default: false.
   */
  readonly onUnauthorized?: ((refused: string) => boolean | Promise<boolean>) | undefined;
}

/** Nobody: where the server lets everybody in, as on loopback. */
export interface NoCredentials {
  readonly username?: never;
  readonly agentId?: never;
  readonly apiKey?: never;
  readonly token?: never;
}

export type Credentials = PasswordCredentials | AgentLogin | ApiKeyCredentials | TokenCredentials | NoCredentials;

/**
 * What happens to what does not fit the contract. `strict`: a `ValidationError`. `warn`: the observers are told, and `console.warn`
 * once for each field where there is no observer. `off`: nothing is looked at. Fields that are not known pass in every mode.
 */
export type ValidationMode = 'strict' | 'warn' | 'off';

/**
 * Kinds of operations, which have different times: `read` changes nothing, `write` does, `run` waits for a tool or handler to be
 * done, `auth` logs in, `stream` is the opening of a stream.
 */
export type OperationKind = 'read' | 'write' | 'run' | 'auth' | 'stream';

export interface Timeout {
  /** Milliseconds for the whole call: login, attempts, waits, body. */
  readonly timeoutMs: number;
  /** Milliseconds for one attempt with its body. */
  readonly attemptTimeoutMs: number;
}

export interface RetryOptions {
  /** Requests that are sent for one call at most. Default: 3. 1: none is repeated. */
  readonly attempts?: number | undefined;
  /** Milliseconds: the wait after attempt n is `random × min(baseMs × 2ⁿ, maxMs)`, n from 0. Default: 250. */
  readonly baseMs?: number | undefined;
  /** Default: 8,000. */
  readonly maxMs?: number | undefined;
  /** Longest `Retry-After` that is waited for, milliseconds; a longer one fails the call at once. Default: what its deadline allows. */
  readonly maxRetryAfterMs?: number | undefined;
  /** Retries that all calls together may make before some succeed. Default: 10. */
  readonly budget?: number | undefined;
  /** What each success gives back to the budget. Default: 0.1, so that at most one request in eleven is a retry. */
  readonly refill?: number | undefined;
}

export interface CircuitOptions {
  /** Failures in a row (503, or no connection) after which nothing is sent for a while. Default: 5. */
  readonly failures?: number | undefined;
  /** Milliseconds until a probe is sent; doubled after each probe that fails. A longer `Retry-After` counts. Default: 1,000. */
  readonly openMs?: number | undefined;
  /** Default: 30,000. */
  readonly maxOpenMs?: number | undefined;
}

export interface CommonOptions {
  /**
   * Where the server is, for example `https://ordinaut.example:8443` or `https://example.com/ordinaut`. `http://` is taken for loopback
   * and for addresses of private networks; for others with `allowInsecureHttp`.
   */
  readonly baseUrl: string;
  /** Send credentials over plain HTTP to whatever host. Default: false. */
  readonly allowInsecureHttp?: boolean | undefined;
  /** Requests under way at the same moment, and so sockets; streams are not counted. Default: 50. */
  readonly concurrency?: number | undefined;
  readonly retry?: RetryOptions | undefined;
  /** `false`: no circuit is ever opened. */
  readonly circuit?: CircuitOptions | false | undefined;
  /**
   * Times by kind of operation, or by operation, which goes before. Defaults: `read` 15 s an attempt and 60 s the call, `write` 30 s
   * and 60 s, `run` 290 s and 300 s, `auth` 15 s and 30 s, `stream` 15 s and 60 s for the opening. The `fetch` of Node gives up after 300 s
   * without headers: attempts that may take longer need a `fetch` of one's own.
   */
  readonly timeouts?:
    | Readonly<{
        [Name in OperationKind | OperationId]?: { [Field in keyof Timeout]?: Timeout[Field] | undefined } | undefined;
      }>
    | undefined;
  /** Default: `strict` for requests, `warn` for responses. */
  readonly validation?:
    | { readonly requests?: ValidationMode | undefined; readonly responses?: ValidationMode | undefined }
    | undefined;
  readonly observers?: readonly Observer[] | undefined;
  /** Headers of every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Default: `ordinaut-sdk` and its version; in browsers that of the browser. */
  readonly userAgent?: string | undefined;
  /** Sends the requests: for proxies, certificates of one's own, tests. Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly clock?: Clock | undefined;
  /** A number from 0 up to 1, for the waits. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
}

export type ClientOptions = CommonOptions & Credentials;
