import type { Metrics } from '../metrics/metrics.ts';
import type { Scheduler } from './scheduler.ts';

/** How late the last due task was fired; not shown while nothing can be fired. */
export function addSchedulerMetrics(metrics: Pick<Metrics, 'addGauge'>, scheduler: Pick<Scheduler, 'lateness'>): void {
  const help = 'Seconds between the time a task was due and its run; the latest of the last round.';
  metrics.addGauge({ name: 'scheduler_lateness_seconds', help }, () => scheduler.lateness() / 1000);
}
