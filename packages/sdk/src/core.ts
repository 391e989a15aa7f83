import type { CredentialSource } from './credentials/credential-source.ts';
import type { ResolvedOptions } from './resolve-options.ts';
import type { CallStatistics } from './telemetry/call-statistics.ts';
import type { Telemetry } from './telemetry/telemetry.ts';
import type { CircuitBoard } from './transport/circuit-board.ts';
import type { Limiter } from './transport/limiter.ts';
import type { RetryBudget } from './transport/retry-budget.ts';
import type { Checker } from './validation/checker.ts';

/** What the calls of one client share. */
export interface Core {
  readonly options: ResolvedOptions;
  readonly credentials: CredentialSource;
  readonly limiter: Limiter;
  readonly budget: RetryBudget;
  readonly circuits: CircuitBoard;
  readonly telemetry: Telemetry;
  readonly statistics: CallStatistics;
  readonly checker: Checker;
  /** Aborted when the client is closed. */
  readonly closed: AbortSignal;
  /** The present instant by the clock of the server, as far as it has told it. */
  serverNow(): number;
}
