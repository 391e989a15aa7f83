import type { Clock } from '../../kernel/clock.ts';
import { messageOf } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Service } from '../../kernel/service.ts';
import { Wakeup } from '../../kernel/wakeup.ts';
import type { NotedBlock } from '../../storage/event-log.ts';
import type { Store } from '../../storage/store.ts';
import { runsOf } from '../blocks.ts';
import type { EventTrigger } from '../trigger.ts';

const BATCH = 50;
const REST_MS = 40;
const POLL_MS = 1000;
const RETRY_MS = [100, 500, 1000, 2000] as const;

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
  readonly #logger: Logger;
  readonly #send: (blocks: readonly NotedBlock[]) => Promise<void>;
  readonly #wakeup = new Wakeup();
  #stop: AbortController | null = null;
  #loop: Promise<void> | null = null;
  #failure: string | null = null;

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
    this.#logger = deps.logger;
    this.#send = deps.send;
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

  /** Why nothing can be carried; null while it can. */
  get failure(): string | null {
    return this.#failure;
  }

  readonly #onNoted = () => this.#wakeup.signal();

  async #run(stop: AbortSignal): Promise<void> {
    for (let failures = 0; !stop.aborted; ) {
      try {
        const more = await this.#carry();
        failures = 0;
        this.#failure = null;
        await this.#clock.sleep(REST_MS, stop).catch(() => {});
        if (!more) await this.#wakeup.wait(POLL_MS, stop);
      } catch (error) {
        if (failures === 0) this.#logger.error({ err: error }, 'events cannot be carried to Redis; it is tried again');
        this.#failure = messageOf(error);
        await this.#wakeup.wait(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]!, stop);
      }
    }
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
