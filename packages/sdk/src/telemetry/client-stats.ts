import type { Outage } from '../errors.ts';
import type { CircuitState } from './events.ts';

/** What one operation has cost, since the client was made. */
export interface OperationStats {
  /** Calls that ended. */
  readonly calls: number;
  readonly errors: number;
  /** Requests beyond the first of each call. */
  readonly retries: number;
  /** Milliseconds from the call to its end, with waits and retries, of the last 1,024 calls; null before the first has ended. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** How a client fares. */
export interface ClientStats {
  readonly operations: Readonly<Record<string, OperationStats>>;
  /** Calls that ended. */
  readonly calls: number;
  readonly retries: number;
  /** Retries divided by calls; 0 before the first. */
  readonly retryRatio: number;
  /** Retries that are left before some call has to succeed, and how many there are at most. */
  readonly budget: { readonly left: number; readonly capacity: number };
  /** What has failed lately; empty where all is well. */
  readonly circuits: readonly (Outage & {
    readonly state: CircuitState;
    readonly failures: number;
    readonly retryAfterMs: number;
  })[];
  readonly inFlight: number;
  readonly queued: number;
  /** Logins and refreshes that succeeded. */
  readonly logins: number;
  readonly refreshes: number;
}
