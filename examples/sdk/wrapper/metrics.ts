import type { ClientEvent, ClientStats, Observer } from '@ordinaut/sdk';

/** What a client does, for Prometheus. The names of operations are few, so they can be labels. */
export class Metrics implements Observer {
  readonly #calls = new Map<string, number>();
  readonly #retries = new Map<string, number>();
  #logins = 0;

  observe(event: ClientEvent): void {
    if (event.type === 'call.end') {
      const outcome = event.failed ? (event.error?.code ?? 'failed') : 'ok';
      count(this.#calls, `operation="${event.call.operation}",outcome="${outcome}"`);
    }
    if (event.type === 'retry') count(this.#retries, `operation="${event.call.operation}",code="${event.code}"`);
    if (event.type === 'session' && event.error === undefined) this.#logins += 1;
  }

  /** @param stats `client.stats()`, for the times and the ratio. */
  text({ operations, retryRatio }: Pick<ClientStats, 'operations' | 'retryRatio'>): string {
    const lines = [
      '# TYPE soc_calls_total counter',
      ...[...this.#calls].map(([labels, value]) => `soc_calls_total{${labels}} ${value}`),
      '# TYPE soc_retries_total counter',
      ...[...this.#retries].map(([labels, value]) => `soc_retries_total{${labels}} ${value}`),
      '# TYPE soc_logins_total counter',
      `soc_logins_total ${this.#logins}`,
      '# TYPE soc_call_p95_seconds gauge',
      ...Object.entries(operations).flatMap(([operation, { p95 }]) =>
        p95 === null ? [] : [`soc_call_p95_seconds{operation="${operation}"} ${p95 / 1_000}`],
      ),
      '# TYPE soc_retry_ratio gauge',
      `soc_retry_ratio ${retryRatio}`,
    ];
    return `${lines.join('\n')}\n`;
  }
}

const count = (counts: Map<string, number>, labels: string): void =>
  void counts.set(labels, (counts.get(labels) ?? 0) + 1);
