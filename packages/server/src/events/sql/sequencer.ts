import type { Clock } from '../../kernel/clock.ts';
import { messageOf } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Service } from '../../kernel/service.ts';
import { Wakeup } from '../../kernel/wakeup.ts';
import { notedTopics } from '../../storage/run-events.ts';
import type { Store } from '../../storage/store.ts';
import { runsOf } from '../blocks.ts';
import type { EventTrigger } from '../trigger.ts';

const BATCH = 50;
/** Shortest time between two batches, so that a busy system makes larger ones: 5 ms cost a tenth of the runs on PostgreSQL. */
const REST_MS = 40;
const RETRY_MS = [100, 500, 1000, 2000] as const;

/**
 * Puts into the log what the changes of runs and tasks have noted, with the runs that it starts. Any number may work side by side: the
 * log takes each block once.
 */
export class Sequencer implements Service {
  readonly name = 'event-sequencer';
  readonly #store: Store;
  readonly #trigger: EventTrigger;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #pollMs: number;
  readonly #wakeup = new Wakeup();
  #stop: AbortController | null = null;
  #loop: Promise<void> | null = null;
  #failure: string | null = null;

  constructor(deps: { store: Store; trigger: EventTrigger; clock: Clock; logger: Logger; pollMs: number }) {
    this.#store = deps.store;
    this.#trigger = deps.trigger;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#pollMs = deps.pollMs;
  }

  async start(): Promise<void> {
    if (this.#loop !== null) return;
    this.#stop = new AbortController();
    this.#store.signals.on('noted', this.#onNoted);
    this.#loop = this.#run(this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#store.signals.off('noted', this.#onNoted);
    this.#stop?.abort();
    await this.#loop;
    this.#loop = null;
  }

  /** Why nothing can be put into the log; null while it can. */
  get failure(): string | null {
    return this.#failure;
  }

  readonly #onNoted = () => this.#wakeup.signal();

  async #run(stop: AbortSignal): Promise<void> {
    for (let failures = 0; !stop.aborted; ) {
      try {
        const more = await this.#sequence();
        failures = 0;
        this.#failure = null;
        await this.#clock.sleep(REST_MS, stop).catch(() => {});
        if (!more) await this.#wakeup.wait(this.#pollMs, stop);
      } catch (error) {
        if (failures === 0) this.#logger.error({ err: error }, 'events cannot be put into the log; it is tried again');
        this.#failure = messageOf(error);
        await this.#wakeup.wait(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]!, stop);
      }
    }
  }

  /** Answers whether there may be more. */
  async #sequence(): Promise<boolean> {
    const { events } = this.#store;
    const now = this.#clock.now();
    let set = await this.#trigger.current();
    for (;;) {
      const { version } = set;
      // Mostly no task looks at what the core tells: then nothing has to be read.
      if (!notedTopics.some((topic) => set.watches(topic))) {
        if ((await events.sequence({ blocks: 'all', version, runs: [], now })) !== null) return false;
      } else {
        const noted = await events.noted(BATCH);
        if (noted.length === 0) return false;
        const order = { blocks: noted.map((block) => block.id), version, runs: runsOf(noted, set), now };
        if ((await events.sequence(order)) !== null) return noted.length === BATCH;
      }
      set = await this.#trigger.refresh();
    }
  }
}
