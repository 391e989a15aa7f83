import type { MonitoringPoint } from '@ordinaut/kit';
import type { Clock } from '../kernel/clock.ts';
import type { PluginHost } from './plugin-host.ts';

/** What a route adds to the points of its request. */
export interface PointNotes {
  readonly tags?: Readonly<Record<string, string | number>>;
  readonly fields?: Readonly<Record<string, string | number>>;
}

/** A request that was answered. */
export interface MonitoredRequest {
  readonly method: string;
  /** Pattern of the route, never the path: `/tasks/{id}`. */
  readonly endpoint: string;
  readonly status: number;
  /** Code of the error that it was answered with; null below 400. */
  readonly errorCode: string | null;
  readonly requestId: string;
  /** Seconds from its head to the end of the answer. */
  readonly seconds: number;
  readonly notes?: PointNotes | undefined;
}

/** Hears of every request that was answered. */
export interface RequestMonitor {
  /** Whether anybody listens: if not, `answered` need not be called. */
  readonly active: boolean;
  answered(request: MonitoredRequest): void;
}

/** Tells monitoring plugins of every request; while there is none, nothing is made. */
export class PluginMonitor implements RequestMonitor {
  readonly #plugins: Pick<PluginHost, 'hears' | 'tell'>;
  readonly #clock: Pick<Clock, 'now'>;

  constructor(plugins: Pick<PluginHost, 'hears' | 'tell'>, clock: Pick<Clock, 'now'>) {
    this.#plugins = plugins;
    this.#clock = clock;
  }

  get active(): boolean {
    return this.#plugins.hears('monitoring_event');
  }

  answered(request: MonitoredRequest): void {
    this.#plugins.tell('monitoring_event', pointsOf(request, this.#clock.now() / 1000));
  }
}

/** @param endTime Unix seconds. */
export function pointsOf(
  { method, endpoint, status, errorCode, requestId, seconds, notes }: MonitoredRequest,
  endTime: number,
): readonly MonitoringPoint[] {
  const eventTime = endTime - seconds;
  const tags = { service: 'ordinaut', route: `${method}:${endpoint}`, status_code: status, ...notes?.tags };
  // Frozen, because all plugins get the same.
  const requests = Object.freeze({
    series: 'requests',
    eventTime,
    tags: Object.freeze(tags),
    fields: Object.freeze({ request_id: requestId, execution_time: seconds, ...notes?.fields }),
  } as const);
  if (errorCode === null) return [requests];
  const errors = Object.freeze({
    series: 'errors',
    eventTime,
    tags: Object.freeze({ ...tags, error_code: errorCode }),
    fields: Object.freeze({ request_id: requestId }),
  } as const);
  return [requests, errors];
}
