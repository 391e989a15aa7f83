import type { OperationStats } from './client-stats.ts';

/** Durations that are kept of each operation. */
const KEPT = 1024;

interface Figures {
  calls: number;
  errors: number;
  retries: number;
  readonly durations: number[];
}

/** Counts the calls of a client, and keeps how long the last ones took. */
export class CallStatistics {
  readonly #figures = new Map<string, Figures>();

  add(
    operation: string,
    { durationMs, retries, failed }: { durationMs: number; retries: number; failed: boolean },
  ): void {
    let figures = this.#figures.get(operation);
    if (figures === undefined) {
      figures = { calls: 0, errors: 0, retries: 0, durations: [] };
      this.#figures.set(operation, figures);
    }
    figures.durations[figures.calls % KEPT] = durationMs;
    figures.calls += 1;
    figures.retries += retries;
    if (failed) figures.errors += 1;
  }

  totals(): { calls: number; retries: number; retryRatio: number } {
    let [calls, retries] = [0, 0];
    for (const one of this.#figures.values()) {
      calls += one.calls;
      retries += one.retries;
    }
    return { calls, retries, retryRatio: calls === 0 ? 0 : retries / calls };
  }

  operations(): Record<string, OperationStats> {
    return Object.fromEntries(
      [...this.#figures].map(([operation, { calls, errors, retries, durations }]) => {
        const sorted = durations.toSorted((one, other) => one - other);
        return [
          operation,
          { calls, errors, retries, p50: rank(sorted, 0.5), p95: rank(sorted, 0.95), p99: rank(sorted, 0.99) },
        ];
      }),
    );
  }
}

/** The nearest rank. */
const rank = (sorted: readonly number[], share: number): number | null =>
  sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
