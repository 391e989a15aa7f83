import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Service } from '../../kernel/service.ts';
import { StandingWork } from '../../kernel/standing-work.ts';
import type { NotedBlock } from '../../storage/event-log.ts';
import type { Store } from '../../storage/store.ts';
import { runsOf } from '../blocks.ts';
import type { EventTrigger } from '../trigger.ts';

const BATCH = 50;
const REST_MS = 40;
const POLL_MS = 1000;

/** How long a process has to carry what it has taken, in milliseconds; after that others do. */
export const HOLD_MS = 30_000;

/**
 * Carries from the database to Redis what the changes of runs and tasks have noted, and what a publisher has left because it died or
 * Redis went away: first the runs it starts are stored, then it is sent, then it is forgotten. What is sent twice has the same `eventId`.
 */
export class Relay implements Service {
  readonly name = 'event-relay';
  readonly #store: Store;
  readonly #trigger: EventTrigger;
  readonly #clock: Clock;
  readonly #send: (blocks: readonly NotedBlock[]) => Promise<void>;
  readonly #work: StandingWork;

  /** @param deps.send throws while Redis is away. */
  constructor(deps: {
    store: Store;
    trigger: EventTrigger;
    clock: Clock;
    logger: Logger;
    send(blocks: readonly NotedBlock[]): Promise<void>;
  }) {
    this.#store = deps.store;
    this.#trigger = deps.trigger;
    this.#clock = deps.clock;
    this.#send = deps.send;
    this.#work = new StandingWork({
      name: this.name,
      logger: deps.logger,
      trouble: 'events cannot be carried to Redis',
      work: async (stop) => {
        const more = await this.#carry();
        await this.#clock.sleep(REST_MS, stop).catch(() => {});
        return more ? 0 : POLL_MS;
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

  /** Why nothing can be carried; null while it can. */
  get failure(): string | null {
    return this.#work.failure;
  }

  /** Answers whether there may be more. */
  async #carry(): Promise<boolean> {
    const { events } = this.#store;
    // While Redis is away nothing is taken, so that it can be sent as soon as it is back.
    await this.#send([]);
    const held = await events.hold(BATCH, HOLD_MS);
    if (held.length === 0) return false;
    await this.#settle(held.filter((block) => !block.settled));
    await this.#send(held);
    await events.drop(held.map((block) => block.id));
    return held.length === BATCH;
  }

  async #settle(blocks: readonly NotedBlock[]): Promise<void> {
    if (blocks.length === 0) return;
    const ids = blocks.map((block) => block.id);
    for (let set = await this.#trigger.current(); ; set = await this.#trigger.refresh()) {
      const order = { blocks: ids, version: set.version, runs: runsOf(blocks, set), now: this.#clock.now() };
      if (await this.#store.events.settleNoted(order)) return;
    }
  }
}
