import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Service } from '../../kernel/service.ts';
import { StandingWork } from '../../kernel/standing-work.ts';
import { notedFamilies, notedTopics } from '../../storage/run-events.ts';
import type { Store } from '../../storage/store.ts';
import { runsOf } from '../blocks.ts';
import type { EventTrigger } from '../trigger.ts';

const BATCH = 50;
/** Shortest time between two batches, so that a busy system makes larger ones: 5 ms cost a tenth of the runs on PostgreSQL. */
const REST_MS = 40;

/**
 * Puts into the log what the changes of runs and tasks have noted, with the runs that it starts. Any number may work side by side: the
 * log takes each block once.
 */
export class Sequencer implements Service {
  readonly name = 'event-sequencer';
  readonly #store: Store;
  readonly #trigger: EventTrigger;
  readonly #clock: Clock;
  readonly #work: StandingWork;

  constructor(deps: { store: Store; trigger: EventTrigger; clock: Clock; logger: Logger; pollMs: number }) {
    this.#store = deps.store;
    this.#trigger = deps.trigger;
    this.#clock = deps.clock;
    this.#work = new StandingWork({
      name: this.name,
      logger: deps.logger,
      trouble: 'events cannot be put into the log',
      work: async (stop) => {
        const more = await this.#sequence();
        await this.#clock.sleep(REST_MS, stop).catch(() => {});
        return more ? 0 : deps.pollMs;
      },
    });
  }

  async start(): Promise<void> {
    this.#store.signals.on('noted', this.#work.wake);
    await this.#work.start();
  }

  async stop(): Promise<void> {
    this.#store.signals.off('noted', this.#work.wake);
    await this.#work.stop();
  }

  /** Why nothing can be put into the log; null while it can. */
  get failure(): string | null {
    return this.#work.failure;
  }

  /** Answers whether there may be more. */
  async #sequence(): Promise<boolean> {
    const { events } = this.#store;
    const now = this.#clock.now();
    let set = await this.#trigger.current();
    for (;;) {
      const { version } = set;
      // Mostly no task looks at what the core tells: then nothing has to be read.
      if (
        !notedTopics.some((topic) => set.watches(topic)) &&
        !notedFamilies.some((family) => set.watchesFamily(family))
      ) {
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
