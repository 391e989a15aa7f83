import type { EventBlocks, LogBlock } from '../../storage/event-blocks.ts';
import type { Signals } from '../../storage/signals.ts';

/** Blocks read by one query. */
const READ = 64;
const KEPT_CHARACTERS = 8_000_000;

/**
 * The end of the log, read once for all readers of this process: whoever has kept up finds here what the others have read; whoever is
 * behind reads for itself until it has caught up.
 */
export class LogTail {
  readonly #blocks: EventBlocks;
  readonly #signals: Signals;
  readonly #pollMs: number;
  readonly #listeners = new Set<() => void>();
  #kept: LogBlock[] = [];
  #size = 0;
  /** What is kept are the blocks with events after `from`, up to `to`. */
  #from = 0;
  #to = -1;
  #reading: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: { blocks: EventBlocks; signals: Signals; pollMs: number }) {
    this.#blocks = deps.blocks;
    this.#signals = deps.signals;
    this.#pollMs = deps.pollMs;
  }

  start(): void {
    this.#signals.on('events', this.#tell);
    this.#timer ??= setInterval(this.#tell, this.#pollMs);
  }

  stop(): void {
    this.#signals.off('events', this.#tell);
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Calls when there may be more to read. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Blocks with events after a position, in order; none where it is the end. */
  async read(after: number): Promise<readonly LogBlock[]> {
    if (after > this.#to) this.#restart(after);
    if (after < this.#from) return this.#blocks.after(after, READ);
    if (after === this.#to) await this.#readOn();
    const begin = this.#kept.findIndex((block) => block.position + block.n - 1 > after);
    return begin === -1 ? [] : this.#kept.slice(begin, begin + READ);
  }

  readonly #tell = () => {
    for (const listener of this.#listeners) listener();
  };

  #restart(after: number): void {
    this.#kept = [];
    this.#size = 0;
    this.#from = after;
    this.#to = after;
    this.#reading = null;
  }

  #readOn(): Promise<void> {
    this.#reading ??= this.#append().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #append(): Promise<void> {
    const from = this.#to;
    const read = await this.#blocks.after(from, READ);
    // Restarted meanwhile.
    if (this.#to !== from) return;
    for (const block of read) {
      this.#kept.push(block);
      this.#size += block.events.length;
      this.#to = block.position + block.n - 1;
    }
    while (this.#kept.length > 1 && this.#size > KEPT_CHARACTERS) {
      const gone = this.#kept.shift()!;
      this.#size -= gone.events.length;
      this.#from = gone.position + gone.n - 1;
    }
  }
}
