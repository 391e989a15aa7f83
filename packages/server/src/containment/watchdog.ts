import { Worker } from 'node:worker_threads';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';

/** A block of the event loop that is over. */
export interface Block {
  readonly ms: number;
  /** `file:line:column` of each call on the stack when it was noticed, the innermost first; empty where it could not be read. */
  readonly frames: readonly string[];
}

/** How often the main thread gives a sign, in milliseconds. */
const BEAT_MS = 50;

/**
 * Notices when something holds the event loop for more than half a second, and who.
 *
 * The async context cannot be seen from outside while the loop is held. So a thread of its own looks: when the main thread gives
 * no sign, it halts it for a moment through the inspector, which works in the middle of an endless loop, and reads the files of
 * the stack. That costs nothing while nothing is wrong. It runs from the first activation on, because before that only the
 * server's own code is there.
 */
export class Watchdog implements Service {
  readonly name = 'watchdog';
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #owners = new Set<(block: Block) => boolean>();
  #worker: Worker | null = null;
  #beat: NodeJS.Timeout | null = null;

  constructor(deps: { logger: Pick<Logger, 'warn'> }) {
    this.#logger = deps.logger;
  }

  /** Hears of blocks. @param owner says whether it was code of its own. */
  onBlock(owner: (block: Block) => boolean): void {
    this.#owners.add(owner);
  }

  async start(): Promise<void> {
    if (this.#worker !== null) return;
    const beats = new Int32Array(new SharedArrayBuffer(4));
    const file = import.meta.url.endsWith('.ts') ? './watchdog-thread.ts' : './watchdog-thread.js';
    const worker = new Worker(new URL(file, import.meta.url), { workerData: { beats } });
    this.#worker = worker;
    worker.unref();
    worker.on('message', (block: Block) => this.#told(block));
    // Without it nothing is lost but the name of who blocks.
    worker.on('error', () => {});
    this.#beat = setInterval(() => Atomics.add(beats, 0, 1), BEAT_MS);
    this.#beat.unref();
  }

  async stop(): Promise<void> {
    if (this.#beat !== null) clearInterval(this.#beat);
    this.#beat = null;
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }

  #told(block: Block): void {
    for (const owner of this.#owners) if (owner(block)) return;
    const [where] = block.frames;
    const fields = { blocked_ms: Math.round(block.ms), ...(where === undefined ? {} : { where }) };
    this.#logger.warn(fields, 'the event loop was blocked');
  }
}
