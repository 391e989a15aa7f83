import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { EndpointMetrics } from '../../metrics/endpoint-metrics.ts';
import type { ExtensionMetrics } from '../../metrics/extension-metrics.ts';
import type { RequestOutcome } from '../app-factory.ts';
import { Breaker } from './breaker.ts';

/** Counts what an extension does and fails at, and lets nobody in while it fails every request. */
export class ExtensionMeter {
  readonly #extension: string;
  readonly #metrics: ExtensionMetrics;
  readonly #logger: Logger;
  readonly #breaker: Breaker;
  /** As many as there are routes. */
  readonly #routes = new Map<string, EndpointMetrics>();

  constructor(extension: string, deps: { metrics: ExtensionMetrics; clock: Clock; logger: Logger }) {
    this.#extension = extension;
    this.#metrics = deps.metrics;
    this.#logger = deps.logger;
    this.#breaker = new Breaker(deps.clock);
  }

  get breaker(): Breaker['state'] {
    return this.#breaker.state;
  }

  /** Milliseconds until the next request is let in; 0: come in. */
  admit(): number {
    return this.#breaker.enter();
  }

  /** Counts a request that has come in for a route; what it answers takes the outcome when its connection is free again. */
  opened(endpoint: string): (outcome: RequestOutcome) => void {
    const route = this.#routeOf(endpoint);
    route.opened();
    return (outcome) => {
      route.closed();
      route.request(outcome.method, outcome.status, outcome.seconds);
      this.#settled(endpoint, outcome);
    };
  }

  #settled(endpoint: string, { errorType, left }: RequestOutcome): void {
    const extension = this.#extension;
    if (errorType !== null) this.#metrics.extensionError({ extension, endpoint, errorType });
    const wasClosed = this.#breaker.state === 'closed';
    if (left && errorType === null) this.#breaker.leave();
    else this.#breaker.settle(errorType !== null);
    const isClosed = this.#breaker.state === 'closed';
    if (wasClosed === isClosed) return;
    this.#metrics.extensionBreaker(extension, !isClosed);
    if (isClosed) this.#logger.info('an extension answers again');
    else this.#logger.error({ endpoint }, 'an extension fails every request; it is spared for a while');
  }

  #routeOf(endpoint: string): EndpointMetrics {
    let route = this.#routes.get(endpoint);
    if (route === undefined) {
      route = this.#metrics.endpoint(this.#extension, endpoint);
      this.#routes.set(endpoint, route);
    }
    return route;
  }

  /** Something failed outside of a request; whoever noticed has logged it. */
  failed(endpoint: string, error: unknown): void {
    const errorType = error instanceof Error ? error.constructor.name : typeof error;
    this.#metrics.extensionError({ extension: this.#extension, endpoint, errorType });
  }

  activated(outcome: 'succeeded' | 'failed', ms: number): void {
    this.#metrics.extensionSetup({ extension: this.#extension, outcome, seconds: ms / 1000 });
  }

  reloaded(outcome: 'succeeded' | 'failed'): void {
    this.#metrics.extensionReload({ extension: this.#extension, outcome });
  }

  quarantined(yes: boolean): void {
    this.#metrics.extensionQuarantine(this.#extension, yes);
  }

  /** Lets requests in again. */
  reset(): void {
    this.#breaker.reset();
    this.#metrics.extensionBreaker(this.#extension, false);
  }
}
