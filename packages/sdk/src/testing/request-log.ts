import type { OperationId } from '@ordinaut/contract';
import type { Clock } from '../clock.ts';
import { type Exchange, pathOf } from './exchange.ts';
import { findOperation } from './find-operation.ts';

/** A request that has come. */
export interface LoggedRequest {
  /** When, epoch milliseconds. */
  readonly at: number;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Null for a path that is of no operation. */
  readonly operation: OperationId | null;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
  /** What was answered; null: not yet, or nothing at all. */
  status: number | null;
}

/** Every request in the order they came. */
export class RequestLog {
  readonly entries: LoggedRequest[] = [];

  /** How many came, of all operations or of one. */
  count(operation?: OperationId): number {
    return operation === undefined ? this.entries.length : this.of(operation).length;
  }

  of(operation: OperationId): LoggedRequest[] {
    return this.entries.filter((entry) => entry.operation === operation);
  }

  clear(): void {
    this.entries.length = 0;
  }
}

export const withLog =
  (exchange: Exchange, log: RequestLog, clock: Clock): Exchange =>
  async (request) => {
    const { method, target, headers, body } = request;
    const found = findOperation(method, pathOf(request));
    // The table has no other ids than these.
    const operation = (found?.id ?? null) as OperationId | null;
    const entry: LoggedRequest = { at: clock.now(), method, target, operation, headers, body, status: null };
    log.entries.push(entry);
    const outcome = await exchange(request);
    entry.status = outcome.kind === 'answer' ? outcome.status : null;
    return outcome;
  };
