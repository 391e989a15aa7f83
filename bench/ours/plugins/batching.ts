import { BaseRequestMonitoringPlugin, type MonitoringPoint } from '@ordinaut/kit';

const BATCH = 500;

/** Gathers points and drops them by five hundred, as a plugin that sends batches does without its peer. */
export class Batching extends BaseRequestMonitoringPlugin {
  #points: MonitoringPoint[] = [];

  async flushPointToMonitoring(point: MonitoringPoint): Promise<void> {
    this.#points.push(point);
    if (this.#points.length === BATCH) this.#points = [];
  }
}
