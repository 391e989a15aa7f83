import { messageOf } from './errors.ts';
import type { Logger } from './logger.ts';
import type { Service } from './service.ts';
import { Wakeup } from './wakeup.ts';

/** Waits after the first failure, the second and so on; the last for all that follow. Milliseconds. */
const RETRY_MS = [100, 500, 1000, 2000] as const;

export interface StandingWorkOptions {
  readonly name: string;
  readonly logger: Logger;
  /** What a failure means, for the log: `tasks cannot be fired`. */
  readonly trouble: string;
  /** Does what there is to do; answers for how many milliseconds there will be nothing more, as far as it knows. */
  work(stop: AbortSignal): Promise<number>;
}

/**
 * Work that is done again and again until it is stopped: it rests as long as the work says, or until somebody wakes it, and tries
 * again with a growing delay while the work fails.
 */
export class StandingWork implements Service {
  readonly name: string;
  readonly #options: StandingWorkOptions;
  readonly #wakeup = new Wakeup();
  #stop: AbortController | null = null;
  #loop: Promise<void> | null = null;
  #failure: string | null = null;

  constructor(options: StandingWorkOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Why the work cannot be done; null while it can. */
  get failure(): string | null {
    return this.#failure;
  }

  /** There is something to do. A field, so that it can be given to an emitter as it is. */
  readonly wake = (): void => this.#wakeup.signal();

  async start(): Promise<void> {
    if (this.#loop !== null) return;
    this.#stop = new AbortController();
    this.#loop = this.#run(this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#stop?.abort();
    await this.#loop;
    this.#loop = null;
  }

  async #run(stop: AbortSignal): Promise<void> {
    const { work, logger, name, trouble } = this.#options;
    let failures = 0;
    while (!stop.aborted) {
      try {
        const restMs = await work(stop);
        if (failures > 0) logger.info(`${name} goes on`);
        failures = 0;
        this.#failure = null;
        await this.#wakeup.wait(restMs, stop);
      } catch (error) {
        if (failures === 0) logger.error({ err: error }, `${trouble}; it is tried again`);
        this.#failure = messageOf(error);
        await this.#wakeup.wait(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]!, stop);
      }
    }
  }
}
