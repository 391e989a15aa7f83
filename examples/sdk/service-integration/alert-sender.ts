import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Alert, AlertInput, OrdinautClient } from '@ordinaut/sdk';
import { patiently } from '../patiently.ts';

export interface SenderOptions {
  readonly client: OrdinautClient;
  /** Hears what has become of an alert: `lost` was given up, because the server refuses it or the time of `close` was over. */
  readonly onOutcome: (outcome: Outcome) => void;
  /** Alerts a request at most, up to 500. Default: 100. */
  readonly batchSize?: number;
  /** Milliseconds that an alert waits for others. Default: 1,000. */
  readonly maxWaitMs?: number;
  /** Alerts that may wait until `room` makes its caller wait. Default: 10,000. */
  readonly capacity?: number;
}

export type Outcome =
  | { readonly is: 'created' | 'deduplicated'; readonly alert: Alert }
  | { readonly is: 'rejected' | 'lost'; readonly alert: AlertInput; readonly reason: string };

/**
 * Submits alerts in the background: critical ones at once, the others in batches. Each request has an `Idempotency-Key` that it keeps
 * however often it is sent, so that an alert counts once even where an answer is lost. What waits is in memory.
 */
export class AlertSender {
  readonly #options: SenderOptions;
  readonly #batchSize: number;
  readonly #waiting: AlertInput[] = [];
  readonly #urgent = new Set<Promise<void>>();
  /** Aborted when there is no time left. */
  readonly #over = new AbortController();
  #isClosed = false;
  /** Resolved with the next alert, batch or `close`; then there is a new one. */
  #change = Promise.withResolvers<void>();
  readonly #working: Promise<void>;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#batchSize = options.batchSize ?? 100;
    this.#working = this.#work();
  }

  /** Takes an alert; it is not waited for. @throws Error after `close`. */
  add(alert: AlertInput): void {
    if (this.#isClosed) throw new Error('The sender is closed.');
    if (alert.severity !== 'critical') {
      this.#waiting.push(alert);
      this.#tell();
      return;
    }
    const sending = this.#submit(alert).finally(() => this.#urgent.delete(sending));
    this.#urgent.add(sending);
  }

  /** Waits while too many alerts do; whoever reads a source then reads no further. */
  async room(): Promise<void> {
    while (this.#waiting.length >= (this.#options.capacity ?? 10_000) && !this.#isClosed) await this.#change.promise;
  }

  /** Sends what is left. @param withinMs what then is not taken is lost. Default: 10,000. */
  async close(withinMs = 10_000): Promise<void> {
    this.#isClosed = true;
    this.#tell();
    const timer = setTimeout(() => this.#over.abort(), withinMs);
    await Promise.all([this.#working, ...this.#urgent]);
    clearTimeout(timer);
  }

  #tell(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  async #work(): Promise<void> {
    for (;;) {
      while (this.#waiting.length === 0 && !this.#isClosed) await this.#change.promise;
      if (this.#waiting.length === 0) return;
      const patience = new AbortController();
      const waited = sleep(this.#options.maxWaitMs ?? 1_000, true, { signal: patience.signal }).catch(() => true);
      for (let isOver = false; !isOver && !this.#isClosed && this.#waiting.length < this.#batchSize; )
        isOver = await Promise.race([waited, this.#change.promise.then(() => false)]);
      patience.abort();
      const batch = this.#waiting.splice(0, this.#batchSize);
      this.#tell();
      await this.#submitAll(batch);
    }
  }

  async #submit(alert: AlertInput): Promise<void> {
    const { client, onOutcome } = this.#options;
    const options = { idempotencyKey: randomUUID(), signal: this.#over.signal };
    try {
      const { outcome, alert: stored } = await patiently(() => client.alerts.submit(alert, options), options.signal);
      onOutcome({ is: outcome, alert: stored });
    } catch (error) {
      onOutcome({ is: 'lost', alert, reason: String(error) });
    }
  }

  async #submitAll(alerts: AlertInput[]): Promise<void> {
    const { client, onOutcome } = this.#options;
    const options = { idempotencyKey: randomUUID(), signal: this.#over.signal };
    try {
      const { results } = await patiently(() => client.alerts.bulk({ alerts }, options), options.signal);
      results.forEach(({ outcome, alert, error }, index) => {
        if (alert !== undefined && outcome !== 'rejected') onOutcome({ is: outcome, alert });
        else onOutcome({ is: 'rejected', alert: alerts[index]!, reason: error?.message ?? 'No reason was given.' });
      });
    } catch (error) {
      for (const alert of alerts) onOutcome({ is: 'lost', alert, reason: String(error) });
    }
  }
}
