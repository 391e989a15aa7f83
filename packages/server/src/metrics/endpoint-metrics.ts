import { add, type Family, type Series } from './family.ts';
import type { Histogram } from './histogram.ts';

interface OfMethod {
  readonly duration: Series<Histogram> | null;
  readonly byStatus: Map<number, Series<number> | null>;
}

/** The series of one route of an extension, looked up once and kept: a request is then counted in 0.1 µs. */
export class EndpointMetrics {
  readonly #connections: Series<number> | null;
  readonly #totals: { requests: number; latencyMs: number };
  readonly #methods = new Map<string, OfMethod>();
  readonly #of: (method: string) => Series<Histogram> | null;
  readonly #requests: (method: string, status: number) => Series<number> | null;

  constructor(
    families: {
      readonly connections: Family<number>;
      readonly durations: Family<Histogram>;
      readonly requests: Family<number>;
    },
    totals: { requests: number; latencyMs: number },
    extension: string,
    endpoint: string,
  ) {
    this.#totals = totals;
    this.#connections = families.connections.at(extension, endpoint);
    this.#of = (method) => families.durations.at(extension, endpoint, method);
    this.#requests = (method, status) => families.requests.at(extension, endpoint, method, status);
  }

  opened(): void {
    add(this.#connections);
  }

  closed(): void {
    add(this.#connections, -1);
  }

  /** @param seconds null where the time says nothing: of streams. */
  request(method: string, status: number, seconds: number | null): void {
    let ofMethod = this.#methods.get(method);
    if (ofMethod === undefined) {
      ofMethod = { duration: this.#of(method), byStatus: new Map() };
      this.#methods.set(method, ofMethod);
    }
    let series = ofMethod.byStatus.get(status);
    if (series === undefined) {
      series = this.#requests(method, status);
      ofMethod.byStatus.set(status, series);
    }
    add(series);
    this.#totals.requests += 1;
    if (seconds === null) return;
    this.#totals.latencyMs += seconds * 1000;
    ofMethod.duration?.value.observe(seconds);
  }
}
