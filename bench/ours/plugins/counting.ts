import { BaseRequestMonitoringPlugin, type MonitoringPoint } from '@ordinaut/kit';

/** Counts requests by route and status, as a plugin with counters of its own does. */
export class Counting extends BaseRequestMonitoringPlugin {
  readonly #counts = new Map<string, number>();

  flushPointToMonitoring({ tags }: MonitoringPoint): void {
    const key = `${tags.route} ${tags.status_code}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }
}
