import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { ExtensionMetrics } from '../../metrics/extension-metrics.ts';
import type { RequestOutcome } from '../app-factory.ts';
import { Breaker } from './breaker.ts';

/** Counts what an extension does and fails at, and lets nobody in while it fails every request. */
export class ExtensionMeter {
  readonly #extension: string;
  readonly #metrics: ExtensionMetrics;
  readonly #logger: Logger;
  readonly #breaker: Breaker;

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

  /** A request has come in; answers what to call when its connection is free again. */
  opened(endpoint: string): () => void {
    const connection = { extension: this.#extension, endpoint };
    this.#metrics.connectionOpened(connection);
    return () => this.#metrics.connectionClosed(connection);
  }

  /** A request has been answered. */
  settled({ method, endpoint, status, seconds, errorType }: RequestOutcome): void {
    const extension = this.#extension;
    this.#metrics.extensionRequest({ extension, endpoint, method, status, seconds });
    if (errorType !== null) this.#metrics.extensionError({ extension, endpoint, errorType });
    const wasClosed = this.#breaker.state === 'closed';
    this.#breaker.settle(errorType !== null);
    const isClosed = this.#breaker.state === 'closed';
    if (wasClosed === isClosed) return;
    this.#metrics.extensionBreaker(extension, !isClosed);
    if (isClosed) this.#logger.info('an extension answers again');
    else this.#logger.error({ endpoint }, 'an extension fails every request; it is spared for a while');
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
