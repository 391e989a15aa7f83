import { EndpointMetrics } from './endpoint-metrics.ts';
import { add, counterFamily, type Family, gaugeFamily, histogramFamily, type Series } from './family.ts';
import type { Histogram } from './histogram.ts';

/** What `/ext/status` shows of an extension. */
export interface ExtensionTotals {
  requests: number;
  errors: number;
  latencyMs: number;
}

/** What the host measures of each extension. */
export class ExtensionMetrics {
  readonly #requests = counterFamily({
    name: 'extension_requests_total',
    help: 'Requests answered by an extension.',
    labels: ['extension', 'endpoint', 'method', 'status'],
  });
  readonly #durations = histogramFamily({
    name: 'extension_request_duration_seconds',
    help: 'Seconds an extension took for a request.',
    labels: ['extension', 'endpoint', 'method'],
  });
  readonly #errors = counterFamily({
    name: 'extension_errors_total',
    help: 'Errors of an extension, in requests and outside of them.',
    labels: ['extension', 'endpoint', 'error_type'],
  });
  readonly #connections = gaugeFamily({
    name: 'extension_active_connections',
    help: 'Requests, streams and WebSockets of an extension that are open.',
    labels: ['extension', 'endpoint'],
  });
  readonly #setups = counterFamily({
    name: 'extension_setups_total',
    help: 'Activations of an extension.',
    labels: ['extension', 'outcome'],
  });
  readonly #reloads = counterFamily({
    name: 'extension_reloads_total',
    help: 'Reloads of an extension.',
    labels: ['extension', 'outcome'],
  });
  readonly #setupSeconds = gaugeFamily({
    name: 'extension_setup_seconds',
    help: 'Seconds the last activation of an extension took.',
    labels: ['extension'],
  });
  readonly #breakers = gaugeFamily({
    name: 'extension_breaker_open',
    help: '1 while requests to an extension are refused because it failed again and again.',
    labels: ['extension'],
  });
  readonly #quarantines = gaugeFamily({
    name: 'extension_quarantined',
    help: '1 while an extension is kept from running until an operator resets it.',
    labels: ['extension'],
  });
  readonly #blocks = counterFamily({
    name: 'extension_event_loop_block_seconds_total',
    help: 'Seconds an extension has held the event loop, in blocks that the watchdog noticed.',
    labels: ['extension'],
  });
  readonly #lags = gaugeFamily({
    name: 'event_lag_seconds',
    help: 'How long the last event that a group of subscribers got had waited for it.',
    labels: ['group'],
  });
  readonly #totals = new Map<string, ExtensionTotals>();

  /** The counters of one route of an extension; callers keep them. */
  endpoint(extension: string, endpoint: string): EndpointMetrics {
    const families = { connections: this.#connections, durations: this.#durations, requests: this.#requests };
    return new EndpointMetrics(families, this.extensionTotals(extension), extension, endpoint);
  }

  /** @param error.errorType class or code of the error; `endpoint` is empty for one outside of a request. */
  extensionError(error: { readonly extension: string; readonly endpoint: string; readonly errorType: string }): void {
    add(this.#errors.at(error.extension, error.endpoint, error.errorType));
    this.extensionTotals(error.extension).errors += 1;
  }

  /** `setup` has ended. */
  extensionSetup(setup: { readonly extension: string; readonly outcome: Outcome; readonly seconds: number }): void {
    add(this.#setups.at(setup.extension, setup.outcome));
    set(this.#setupSeconds.at(setup.extension), setup.seconds);
  }

  extensionReload({ extension, outcome }: { readonly extension: string; readonly outcome: Outcome }): void {
    add(this.#reloads.at(extension, outcome));
  }

  /** Whether requests are refused at the moment. */
  extensionBreaker(extension: string, open: boolean): void {
    set(this.#breakers.at(extension), Number(open));
  }

  extensionQuarantine(extension: string, quarantined: boolean): void {
    set(this.#quarantines.at(extension), Number(quarantined));
  }

  /** The watchdog has found the event loop held. */
  eventLoopBlock(extension: string, seconds: number): void {
    add(this.#blocks.at(extension), seconds);
  }

  /** A group of subscribers gets an event. */
  eventDelivered(group: string, waitedSeconds: number): void {
    set(this.#lags.at(group), waitedSeconds);
  }

  /** The sums so far; a live object, zero for an extension that has done nothing. */
  extensionTotals(extension: string): ExtensionTotals {
    let totals = this.#totals.get(extension);
    if (totals === undefined) {
      totals = { requests: 0, errors: 0, latencyMs: 0 };
      this.#totals.set(extension, totals);
    }
    return totals;
  }

  protected get extensionFamilies(): readonly (Family<number> | Family<Histogram>)[] {
    return [
      this.#requests,
      this.#durations,
      this.#errors,
      this.#connections,
      this.#setups,
      this.#setupSeconds,
      this.#reloads,
      this.#breakers,
      this.#quarantines,
      this.#blocks,
      this.#lags,
    ];
  }
}

export type Outcome = 'succeeded' | 'failed';

function set(series: Series<number> | null, value: number): void {
  if (series !== null) series.value = value;
}
