import type { Attempt } from './ordinaut-error.ts';

/** What can be said for one call; everything else comes from the options of the client. */
export interface CallOptions {
  /** Ends the call at once, wherever it is. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for the whole call: login, every attempt, the waits between, and the body. Default: by the kind of operation. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds for one attempt, with its body. Default: by the kind of operation. */
  readonly attemptTimeoutMs?: number | undefined;
  /** Requests that are sent at most. Default: `retry.attempts` of the client, 3. */
  readonly maxAttempts?: number | undefined;
  /** Sent as `Idempotency-Key`. Default: for a keyed operation a new one for each call, kept over its attempts; for others none. */
  readonly idempotencyKey?: string | undefined;
  /** Headers beside those of the client. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** `low` waits until no other call does. Default: `foreground`. */
  readonly priority?: Priority | undefined;
}

export type Priority = 'foreground' | 'low';

/** An answer with everything that came with it. */
export interface Answer<T> {
  readonly data: T;
  /** The response; its body is read, see `text`. */
  readonly response: Response;
  /** The body as it came. */
  readonly text: string;
  /** Id of the request in the log of the server. */
  readonly requestId: string | null;
  readonly attempts: readonly Attempt[];
}

/** A call under way: a promise of what is answered. */
export interface Call<T> extends Promise<T> {
  /** The answer with its response: status, headers, request id, attempts. */
  withResponse(): Promise<Answer<T>>;
}
