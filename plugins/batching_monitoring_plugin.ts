import { BaseBackgroundPlugin, BaseRequestMonitoringPlugin, type MonitoringPoint } from '@ordinaut/kit';
import { text, texts, url, whole } from './parts/config-fields.ts';
import { lineOf } from './parts/line-protocol.ts';
import { messageOf } from './parts/message-of.ts';
import { backoffMs, pause } from './parts/pause.ts';
import { type ConfigOf, readConfig } from './parts/read-config.ts';
import { retryAfterMs } from './parts/retry-after.ts';

const fields = {
  url: url(['http', 'https'], { default: 'http://127.0.0.1:8086' }),
  org: text('the name or id of an organization'),
  bucket: text('the name or id of a bucket'),
  token: text('an API token that may write to the bucket', { isSecret: true }),
  tags: texts('{"host": "a"}'),
  batchSize: whole(1, 100_000, 5000),
  flushMs: whole(10, 3_600_000, 1000),
  bufferSize: whole(1, 10_000_000, 100_000),
};

/** Longest the last points are tried for at the end, milliseconds. */
const END_MS = 8000;
const MINUTE_MS = 60_000;
/** InfluxDB has understood the request and will not take it another time either. */
const refusals = new Set([400, 413, 422]);

/** Hands every point to the writer. */
export class PointCollector extends BaseRequestMonitoringPlugin {
  #writer: PointWriter | null = null;

  flushPointToMonitoring(point: MonitoringPoint): void {
    this.#writer ??= this.app.plugin<PointWriter>('PointWriter');
    if (this.#writer === null)
      throw new Error('The plugin PointWriter does not run: its error stands in GET /plugins.');
    this.#writer.add(point);
  }
}

/**
 * Writes points to InfluxDB: as soon as a batch is full or its oldest point `flushMs` old, one batch at a time.
 *
 *   buffered ──write──> 2xx: written
 *                  ├── 400, 413, 422: dropped, since it will not be taken another time either
 *                  └── anything else, or no answer: stays first, and is tried again
 */
export class PointWriter extends BaseBackgroundPlugin {
  readonly #stop = new AbortController();
  readonly #end = new AbortController();
  readonly #counts = { written: 0, dropped: 0 };
  #config!: ConfigOf<typeof fields>;
  #lines: string[] = [];
  /** What is being written, or tried again. */
  #batch: string[] = [];
  /** Ends the wait for more points. */
  #wake = new AbortController();
  #sequence = 0;
  #warnedAt = Number.NEGATIVE_INFINITY;
  #work: Promise<void> | null = null;

  override async initialize(): Promise<void> {
    this.#config = readConfig(this.app, fields);
    const status = () => ({ body: { buffered: this.#buffered, ...this.#counts } });
    this.addRoute('/status', status, { methods: ['get'] });
    try {
      await this.app.http.request(`${this.#config.url.replace(/\/$/, '')}/ping`, { timeoutMs: 5000 });
    } catch (error) {
      // An InfluxDB that is away for now is waited for; one that must not be asked will never be.
      if (error instanceof Error && 'code' in error && error.code === 'permission_denied') throw error;
      this.logger.warn({ reason: messageOf(error) }, 'InfluxDB does not answer');
    }
  }

  override start(): void {
    this.#work = this.#keepWriting();
  }

  override async close(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    const timer = setTimeout(() => this.#end.abort(), END_MS);
    await this.#work;
    clearTimeout(timer);
  }

  /** Takes a point; when the buffer is full the oldest hundredth is dropped. */
  add(point: MonitoringPoint): void {
    const { tags, bufferSize, batchSize } = this.#config;
    // Times are often whole milliseconds, within which many requests begin.
    this.#sequence = (this.#sequence + 1) % 1000;
    const line = lineOf(point, tags, this.#sequence);
    if (line === null) return;
    this.#lines.push(line);
    if (this.#lines.length > bufferSize) {
      const oldest = this.#lines.splice(0, Math.ceil(bufferSize / 100));
      this.#drop(oldest.length, 'the buffer is full');
    }
    if (this.#lines.length >= batchSize) this.#wake.abort();
  }

  get #buffered(): number {
    return this.#batch.length + this.#lines.length;
  }

  async #keepWriting(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#wake = new AbortController();
      if (this.#lines.length < this.#config.batchSize) await pause(this.#config.flushMs, this.#wake.signal);
      await this.#writeAll(this.#stop.signal);
    }
    await this.#writeAll(this.#end.signal);
    if (this.#buffered > 0) this.#drop(this.#buffered, 'the server stops');
  }

  /** Writes what is buffered, trying again as long as it has to. */
  async #writeAll(signal: AbortSignal): Promise<void> {
    for (let failures = 0; this.#buffered > 0 && !signal.aborted; ) {
      const retryMs = await this.#write(failures);
      failures = retryMs === null ? 0 : failures + 1;
      if (retryMs !== null) await pause(retryMs, signal);
    }
  }

  /** @returns after how many milliseconds to try again; null: the batch is done with. */
  async #write(failures: number): Promise<number | null> {
    const { batchSize } = this.#config;
    if (this.#batch.length === 0) this.#batch = this.#lines.splice(0, batchSize);
    const outcome = await this.#send(this.#batch.join('\n'));
    if ('retryAfterMs' in outcome) {
      const retryMs = Math.max(backoffMs(failures), outcome.retryAfterMs);
      this.logger.warn(
        { reason: outcome.reason, retry_in_ms: retryMs },
        'InfluxDB has not taken the monitoring points',
      );
      return retryMs;
    }
    if (outcome.reason === null) this.#counts.written += this.#batch.length;
    else this.#drop(this.#batch.length, outcome.reason);
    this.#batch = [];
    return null;
  }

  async #send(body: string): Promise<Outcome> {
    const { url, org, bucket, token } = this.#config;
    const query = new URLSearchParams({ org, bucket, precision: 'ns' });
    try {
      const response = await this.app.http.request(`${url.replace(/\/$/, '')}/api/v2/write?${query}`, {
        method: 'POST',
        headers: { authorization: `Token ${token}`, 'content-type': 'text/plain; charset=utf-8' },
        body,
        signal: this.#end.signal,
      });
      const { status } = response;
      if (status >= 200 && status <= 299) return { reason: null };
      const reason = `InfluxDB answered ${status}: ${response.text().slice(0, 500)}`;
      if (refusals.has(status)) return { reason };
      return { reason, retryAfterMs: retryAfterMs(response.headers['retry-after'], Date.now()) };
    } catch (error) {
      return { reason: messageOf(error), retryAfterMs: 0 };
    }
  }

  /** Counts points that are lost, and says it once a minute. */
  #drop(count: number, reason: string): void {
    this.#counts.dropped += count;
    const now = performance.now();
    if (now - this.#warnedAt < MINUTE_MS) return;
    this.#warnedAt = now;
    this.logger.warn({ reason, dropped: this.#counts.dropped }, 'monitoring points are lost');
  }
}

/** Without a reason it is written; with the time to wait it can be tried again. */
type Outcome = { readonly reason: string | null } | { readonly reason: string; readonly retryAfterMs: number };
