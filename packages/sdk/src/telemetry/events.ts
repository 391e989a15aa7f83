import type { FieldIssue, Outage } from '../errors.ts';
import type { Attempt, OrdinautError } from '../ordinaut-error.ts';

/** A call as telemetry sees it. The same object stands in every event of one call. */
export interface CallInfo {
  /** Name of the operation, for example `tasks.get`; for `client.fetch` the method and path. */
  readonly operation: string;
  readonly method: string;
  /** Path with its parameters as `{name}`: a name of low cardinality. */
  readonly template: string;
  /** Host of the server, with its port where that is not the one of its scheme. */
  readonly host: string;
}

export type CircuitState = 'closed' | 'open' | 'half_open';

/** What a client tells its observers. On `node:diagnostics_channel` the channel is `ordinaut.sdk.` and the type. */
export type ClientEvent =
  | { readonly type: 'call.start'; readonly call: CallInfo }
  | { readonly type: 'attempt'; readonly call: CallInfo; readonly attempt: Attempt }
  | {
      readonly type: 'retry';
      readonly call: CallInfo;
      readonly attempt: number;
      readonly delayMs: number;
      readonly code: string;
    }
  | {
      readonly type: 'call.end';
      readonly call: CallInfo;
      readonly durationMs: number;
      readonly attempts: number;
      /** Attempts beyond the first, without those after a refreshed login. */
      readonly retries: number;
      readonly status: number | null;
      readonly failed: boolean;
      /** Why it failed; undefined where all was well, or what failed was a function of the caller, as a provider of tokens. */
      readonly error: OrdinautError | undefined;
    }
  | { readonly type: 'circuit'; readonly affected: Outage; readonly state: CircuitState; readonly retryAfterMs: number }
  | {
      readonly type: 'session';
      readonly way: 'login' | 'refresh';
      readonly durationMs: number;
      readonly error: OrdinautError | undefined;
    }
  | {
      readonly type: 'stream';
      readonly call: CallInfo;
      readonly state: 'connected' | 'broken';
      /** Why it broke. */
      readonly reason: string | undefined;
      readonly lastEventId: string | null;
    }
  | {
      readonly type: 'validation';
      readonly operation: string;
      readonly of: 'request' | 'response';
      readonly issues: readonly FieldIssue[];
    };

/** Who wants to know what a client does. An observer that throws is not called again. */
export interface Observer {
  /** Is called at once; what takes long belongs elsewhere. */
  observe(event: ClientEvent): void;
  /** Headers to send with each attempt of a call, for example `traceparent`. */
  headersOf?(call: CallInfo): Readonly<Record<string, string>>;
}
