import type { Logger } from './logger.ts';
import type { Service } from './service.ts';

const EVERY_MS = 3_600_000;

/** Clears away at the start and once an hour. A sweep that fails is logged and tried again at the next hour. */
export class HourlySweep implements Service {
  readonly name: string;
  readonly #sweep: (stop: AbortSignal) => Promise<unknown>;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | null = null;
  #stop = new AbortController();
  #sweeping: Promise<unknown> = Promise.resolve();

  /** @param options.sweep ends early when its signal is aborted. */
  constructor(options: { name: string; logger: Logger; sweep(stop: AbortSignal): Promise<unknown> }) {
    this.name = options.name;
    this.#sweep = options.sweep;
    this.#logger = options.logger;
  }

  async start(): Promise<void> {
    if (this.#timer !== null) return;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    const sweep = () => {
      this.#sweeping = this.#sweep(signal).catch((error) =>
        this.#logger.warn({ err: error }, `${this.name} failed; it is tried again in an hour`),
      );
    };
    this.#timer = setInterval(sweep, EVERY_MS);
    sweep();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#stop.abort();
    await this.#sweeping;
  }
}
