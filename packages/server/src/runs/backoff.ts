import type { BackoffStrategy } from '@ordinaut/contract';

const MAX_MS = 60_000;

/**
 * How long a run waits after its failed attempt `attempt` (from 1), in milliseconds, at most a minute.
 *
 * `exponential_jitter`: 1, 2, 4 … s, of which a random share between half and all; `linear`: 1, 2, 3 … s; `fixed`: 1 s.
 *
 * @param random A number from 0 to 1, exclusive.
 */
export function backoffMs(strategy: BackoffStrategy, attempt: number, random: number): number {
  switch (strategy) {
    case 'exponential_jitter':
      return Math.round(Math.min(1000 * 2 ** (attempt - 1), MAX_MS) * (0.5 + random / 2));
    case 'linear':
      return Math.min(1000 * attempt, MAX_MS);
    case 'fixed':
      return 1000;
  }
}
