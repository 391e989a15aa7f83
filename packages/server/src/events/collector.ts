import { isUnavailable } from '../kernel/errors.ts';

interface Entry<Item, Answer> {
  readonly item: Item;
  readonly size: number;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

const MAX_ITEMS = 500;
const MAX_SIZE = 1_000_000;

/**
 * Sends together what comes while a batch is under way: the busier, the larger the batches, and an idle system waits for nothing.
 * Unlike the batcher of the runs it keeps nothing while the store is away: the caller is told at once.
 */
export class Collector<Item, Answer> {
  readonly #send: (items: readonly Item[]) => Promise<Answer[]>;
  readonly #lanes: number;
  #entries: Entry<Item, Answer>[] = [];
  #scheduled = false;
  #active = 0;
  #idle: (() => void)[] = [];

  /** @param options.lanes batches under way at a time; with more than one, what follows may be stored before what was first. */
  constructor(options: { send(items: readonly Item[]): Promise<Answer[]>; lanes?: number }) {
    this.#send = options.send;
    this.#lanes = options.lanes ?? 1;
  }

  /** @param size characters, of which a batch has at most a million unless one item has more. */
  add(item: Item, size: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#entries.push({ item, size, resolve, reject });
      if (this.#scheduled || this.#active >= this.#lanes) return;
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.#fill();
      });
    });
  }

  /** Resolves when everything added has been answered. */
  async settled(): Promise<void> {
    while (this.#active > 0 || this.#entries.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #fill(): void {
    while (this.#active < this.#lanes && this.#entries.length > 0) {
      this.#active++;
      void this.#deliver(this.#next()).finally(() => {
        this.#active--;
        this.#fill();
        if (this.#active === 0 && this.#entries.length === 0) for (const done of this.#idle.splice(0)) done();
      });
    }
  }

  #next(): Entry<Item, Answer>[] {
    let size = 0;
    let count = 0;
    for (const entry of this.#entries) {
      size += entry.size;
      if (count > 0 && (count === MAX_ITEMS || size > MAX_SIZE)) break;
      count++;
    }
    return this.#entries.splice(0, count);
  }

  async #deliver(batch: readonly Entry<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.#send(batch.map((entry) => entry.item));
      for (const [index, entry] of batch.entries()) entry.resolve(answers[index]!);
    } catch (error) {
      // One bad item must not take the others with it: they are sent one by one.
      if (batch.length > 1 && !isUnavailable(error)) for (const entry of batch) await this.#deliver([entry]);
      else for (const entry of batch) entry.reject(error);
    }
  }
}
