import type { Clock } from '../kernel/clock.ts';
import { isUnavailable } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';

const RETRY_MS = [50, 200, 500, 1000, 2000] as const;

interface Entry<Item> {
  readonly item: Item;
  resolve(answer: boolean): void;
  reject(error: unknown): void;
}

/**
 * Collects writes while one batch is under way and sends them together as the next: the busier, the larger the batches, and
 * an idle system waits for nothing. While the store fails, the batch is kept and sent again.
 */
export class Batcher<Item> {
  readonly #send: (items: readonly Item[]) => Promise<boolean[]>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #what: string;
  readonly #maxBatch: number;
  readonly #lanes: number;
  #entries: Entry<Item>[] = [];
  #active = 0;
  #scheduled = false;
  #idle: (() => void)[] = [];
  readonly #abandoned = new AbortController();

  constructor(options: {
    what: string;
    send(items: readonly Item[]): Promise<boolean[]>;
    clock: Clock;
    logger: Logger;
    maxBatch: number;
    /** Batches under way at a time. */
    lanes: number;
  }) {
    this.#what = options.what;
    this.#send = options.send;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#maxBatch = options.maxBatch;
    this.#lanes = options.lanes;
  }

  /** Resolves when the item is stored: true, or false when the store refused it. */
  add(item: Item): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#entries.push({ item, resolve, reject });
      if (this.#scheduled || this.#active >= this.#lanes) return;
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.#fill();
      });
    });
  }

  /** Gives up what cannot be stored now: its callers get the error. What is added later is tried once. */
  abandon(): void {
    this.#abandoned.abort();
  }

  /** Resolves when everything added has been answered. */
  async settled(): Promise<void> {
    while (this.#active > 0 || this.#entries.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #fill(): void {
    while (this.#active < this.#lanes && this.#entries.length > 0) {
      const batch = this.#entries.splice(0, this.#maxBatch);
      this.#active++;
      void this.#deliver(batch).finally(() => {
        this.#active--;
        this.#fill();
        if (this.#active === 0 && this.#entries.length === 0) for (const done of this.#idle.splice(0)) done();
      });
    }
  }

  async #deliver(batch: readonly Entry<Item>[]): Promise<void> {
    const items = batch.map((entry) => entry.item);
    for (let failures = 0; ; failures++) {
      try {
        const answers = await this.#send(items);
        for (const [index, entry] of batch.entries()) entry.resolve(answers[index] ?? false);
        if (failures > 0) this.#logger.info({ items: items.length }, `${this.#what} stored after all`);
        return;
      } catch (error) {
        if (!isUnavailable(error)) return this.#giveUp(batch, error);
        if (failures === 0)
          this.#logger.error(
            { err: error, items: items.length },
            `${this.#what} cannot be stored; kept and tried again`,
          );
        const wait = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)]!;
        await this.#clock.sleep(wait, this.#abandoned.signal).catch(() => {});
        if (this.#abandoned.signal.aborted) return this.#rejectAll(batch, error);
      }
    }
  }

  #rejectAll(batch: readonly Entry<Item>[], error: unknown): void {
    for (const entry of batch) entry.reject(error);
  }

  /** One bad item must not take the others with it: they are sent one by one. */
  async #giveUp(batch: readonly Entry<Item>[], error: unknown): Promise<void> {
    if (batch.length === 1) return this.#rejectAll(batch, error);
    for (const entry of batch) await this.#deliver([entry]);
  }
}
