import type { FinalRunStatus, LiveRunStatus } from '@ordinaut/contract';
import type { Metrics } from '../metrics/metrics.ts';
import type { Store } from '../storage/store.ts';
import { RunRepository } from './run-repository.ts';

/** The runs that are not over, of all processes on this store, by what they do; at most 10,000 are counted. */
export function addRunMetrics(metrics: Pick<Metrics, 'addGauge'>, store: Store): void {
  const runs = new RunRepository(store);
  // One look at the store serves the three of a scrape.
  let looking: Promise<Record<LiveRunStatus, number>> | null = null;
  const look = () => {
    looking ??= runs.liveCounts().finally(() => {
      looking = null;
    });
    return looking;
  };
  for (const [status, help] of gauges) {
    metrics.addGauge({ name: `runs_${status}`, help }, async () => (await look())[status]);
  }
}

const gauges = [
  ['queued', 'Runs that wait for a worker.'],
  ['running', 'Runs that are executed.'],
  ['waiting', 'Runs that wait durably: for a moment, a retry or an answer.'],
] as const satisfies [LiveRunStatus, string][];

/** The label of `task_executions_total` for the end of a run. */
export const executionStatus = (status: FinalRunStatus): 'success' | 'failed' | 'canceled' =>
  status === 'succeeded' ? 'success' : status;
