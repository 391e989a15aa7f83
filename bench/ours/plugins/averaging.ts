import { BaseRequestMonitoringPlugin, type MonitoringPoint } from '@ordinaut/kit';

/** Keeps the mean time of requests, in an async method, as most plugins are written. */
export class Averaging extends BaseRequestMonitoringPlugin {
  #count = 0;
  #seconds = 0;

  async flushPointToMonitoring({ fields }: MonitoringPoint): Promise<void> {
    this.#count += 1;
    this.#seconds += Number(fields.execution_time);
  }
}
