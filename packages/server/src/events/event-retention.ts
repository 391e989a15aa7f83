import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';
import type { OpenStreams } from './streams.ts';

const DAY_MS = 86_400_000;
const EVERY_MS = 3_600_000;
const KEEP = 1_000_000;

/** Deletes events that are older, or more, than has to be kept, once an hour. */
export class EventRetention implements Service {
  readonly name = 'event-retention';
  readonly #streams: OpenStreams;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #days: number;
  #timer: NodeJS.Timeout | null = null;
  #stop = new AbortController();
  #sweep: Promise<unknown> = Promise.resolve();

  /** @param deps.days How long events are kept. */
  constructor(deps: { streams: OpenStreams; clock: Clock; logger: Logger; days: number }) {
    this.#streams = deps.streams;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#days = deps.days;
  }

  async start(): Promise<void> {
    if (this.#timer !== null) return;
    this.#stop = new AbortController();
    const sweep = () => {
      this.#sweep = this.#retain().catch((error) =>
        this.#logger.warn({ err: error }, 'old events could not be deleted; it is tried again in an hour'),
      );
    };
    this.#timer = setInterval(sweep, EVERY_MS);
    sweep();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#stop.abort();
    await this.#sweep;
  }

  async #retain(): Promise<void> {
    const deleted = await this.#streams.retain(this.#clock.now() - this.#days * DAY_MS, KEEP, this.#stop.signal);
    if (deleted > 0) this.#logger.info({ events: deleted, older_than_days: this.#days }, 'deleted old events');
  }
}
