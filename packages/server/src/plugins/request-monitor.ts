import type { Clock } from '../kernel/clock.ts';
import type { MonitoredRequest } from './monitored-request.ts';
import type { PluginHost } from './plugin-host.ts';

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
    this.#plugins.tell('monitoring_event', { ...request, answeredAt: this.#clock.now() / 1000 });
  }
}
