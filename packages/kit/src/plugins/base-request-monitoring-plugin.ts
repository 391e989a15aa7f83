import type { Logger } from '../context.ts';
import { BaseEventPlugin } from './base-event-plugin.ts';
import { pluginBrand } from './base-plugin.ts';
import type { MonitoringPoint } from './monitoring-point.ts';

/** Sends measurements of requests to a monitoring system. */
export abstract class BaseRequestMonitoringPlugin extends BaseEventPlugin<'monitoring_event'> {
  static override readonly [pluginBrand] = 'monitoring';
  readonly eventName = 'monitoring_event';

  /** Called for each point of a request, those of one request at the same time, after its response. */
  abstract flushPointToMonitoring(point: MonitoringPoint, logger: Logger): void | Promise<void>;

  handleEvent(points: readonly MonitoringPoint[], logger: Logger): unknown {
    // Nearly every request has one point; a promise for it is not made for nothing.
    if (points.length === 1) return this.flushPointToMonitoring(points[0]!, logger);
    return Promise.all(points.map((point) => this.flushPointToMonitoring(point, logger)));
  }
}
