import { ExtensionMetrics } from './extension-metrics.ts';
import {
  add,
  counterFamily,
  type Family,
  type FamilyOptions,
  gaugeFamily,
  histogramFamily,
  type LabelValue,
} from './family.ts';
import type { Histogram } from './histogram.ts';
import { type OwnMetrics, OwnMetricsBoard } from './own-metrics.ts';
import { processMetrics } from './process-metrics.ts';
import { TEXT_FORMAT, toText } from './text-format.ts';

export interface CountedRequest {
  readonly method: string;
  /** The pattern of the route, never the path: `/tasks/{id}`. */
  readonly endpoint: string;
  readonly status: number;
  /** How long it took; null where that says nothing. */
  readonly seconds: number | null;
}

/** What a gauge reads: one number, one for each set of labels, or null for nothing at the moment. */
export type Reading = number | null | readonly { readonly labels: readonly LabelValue[]; readonly value: number }[];

interface Collector {
  readonly options: FamilyOptions;
  readonly newFamily: (options: FamilyOptions) => Family<number>;
  read(): Reading | Promise<Reading>;
}

/** Longest a gauge may be read, milliseconds; the scrape goes on without it. */
const READ_MS = 2000;

/** Everything this server measures of itself, in the Prometheus text format. */
export class Metrics extends ExtensionMetrics {
  readonly #requests = counterFamily({
    name: 'http_requests_total',
    help: 'HTTP requests answered.',
    labels: ['method', 'endpoint', 'status'],
  });
  readonly #durations = histogramFamily({
    name: 'http_request_duration_seconds',
    help: 'Seconds from the head of a request to the end of its answer.',
    labels: ['method', 'endpoint'],
  });
  readonly #executions = counterFamily({
    name: 'task_executions_total',
    help: 'Runs of tasks that this process has ended.',
    labels: ['status'],
  });
  readonly #alerts = counterFamily({
    name: 'ordinaut_alerts_total',
    help: 'Alerts submitted to this process, by what became of them.',
    labels: ['outcome'],
  });
  readonly #unread = counterFamily({
    name: 'metrics_unread_total',
    help: 'Gauges that could not be read for a scrape.',
    labels: ['metric'],
  });
  readonly #collectors = new Set<Collector>();
  readonly #board = new OwnMetricsBoard(() => this.render());

  constructor() {
    super();
    // Shown as 0 before the first, so that a rate can be made of them from the beginning.
    for (const status of ['success', 'failed', 'canceled']) this.#executions.at(status);
    for (const outcome of ['created', 'deduplicated', 'rejected']) this.#alerts.at(outcome);
  }

  /** A request of the core has been answered. */
  httpRequest({ method, endpoint, status, seconds }: CountedRequest): void {
    add(this.#requests.at(method, endpoint, status));
    if (seconds !== null) this.#durations.at(method, endpoint)?.value.observe(seconds);
  }

  /** A run has ended. */
  taskExecution(status: 'success' | 'failed' | 'canceled'): void {
    add(this.#executions.at(status));
  }

  /** An alert was submitted. */
  alert(outcome: 'created' | 'deduplicated' | 'rejected'): void {
    add(this.#alerts.at(outcome));
  }

  /**
   * Adds a gauge that is read at each scrape. One that throws, or takes longer than 2 s, is left out of that scrape and counted.
   *
   * @returns takes it away again.
   */
  addGauge(options: FamilyOptions, read: () => Reading | Promise<Reading>): () => void {
    return this.#collect({ options, newFamily: gaugeFamily, read });
  }

  /** The same for a number that only goes up, and that somebody else counts. */
  addCounter(options: FamilyOptions, read: () => Reading | Promise<Reading>): () => void {
    return this.#collect({ options, newFamily: counterFamily, read });
  }

  /** The metrics an extension makes itself, shown as `ext_<id>_<name>`; `dispose` when the generation is unloaded. */
  own(extensionId: string): OwnMetrics {
    return this.#board.own(extensionId);
  }

  /** All of it, in the text format 0.0.4. */
  async render(): Promise<{ readonly contentType: string; readonly text: string }> {
    const [gauges, ofProcess] = await Promise.all([
      Promise.all([...this.#collectors].map((collector) => this.#read(collector))),
      processMetrics(),
    ]);
    const families: (Family<number> | Family<Histogram> | null)[] = [
      this.#requests,
      this.#durations,
      this.#executions,
      this.#alerts,
      ...gauges,
      ...this.extensionFamilies,
      ...this.#board.families,
      this.#unread,
    ];
    const shown = families.filter((family) => family !== null);
    const texts = [...shown, droppedOf(shown)].map(toText);
    return { contentType: TEXT_FORMAT, text: [...texts, ofProcess].join('\n') };
  }

  #collect(collector: Collector): () => void {
    this.#collectors.add(collector);
    return () => void this.#collectors.delete(collector);
  }

  async #read({ options, newFamily, read }: Collector): Promise<Family<number> | null> {
    const enough = Promise.withResolvers<never>();
    const timer = setTimeout(() => enough.reject(new Error('took too long')), READ_MS);
    try {
      const reading = await Promise.race([(async () => read())(), enough.promise]);
      if (reading === null) return null;
      const family = newFamily(options);
      const rows = typeof reading === 'number' ? [{ labels: [], value: reading }] : reading;
      for (const { labels, value } of rows) add(family.at(...labels), value);
      return family;
    } catch {
      add(this.#unread.at(options.name));
      return null;
    } finally {
      clearTimeout(timer);
    }
  }
}

function droppedOf(families: readonly (Family<number> | Family<Histogram>)[]): Family<number> {
  const dropped = counterFamily({
    name: 'metrics_dropped_total',
    help: 'Observations left out because their metric has too many different labels.',
    labels: ['metric'],
  });
  for (const family of families) if (family.dropped > 0) add(dropped.at(family.name), family.dropped);
  return dropped;
}
