import { messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Lease, RunQueue } from '../storage/run-queue.ts';

const RENEW_MS = 20_000;
const LOOK_MS = 2000;
const RECLAIM_MS = 5000;

/**
 * Keeps the lease of a worker: renews it, opens another when it was lost, gives back what dead workers left, and hears which
 * runs somebody wants to end. One lease covers all runs of a worker, so keeping it costs the same for one run and for ten
 * thousand.
 */
export class LeaseKeeper {
  readonly #queue: RunQueue;
  readonly #owner: string;
  readonly #logger: Logger;
  readonly #onLost: () => void;
  readonly #onCancel: (runId: string) => void;
  #lease: Lease | null = null;
  #timers: NodeJS.Timeout[] = [];
  #busy: Promise<void> = Promise.resolve();

  constructor(options: {
    queue: RunQueue;
    owner: string;
    logger: Logger;
    onLost(): void;
    onCancel(runId: string): void;
  }) {
    this.#queue = options.queue;
    this.#owner = options.owner;
    this.#logger = options.logger;
    this.#onLost = options.onLost;
    this.#onCancel = options.onCancel;
  }

  /** The lease to claim under; null while there is none. */
  get current(): Lease | null {
    return this.#lease;
  }

  async open(): Promise<void> {
    this.#lease = await this.#queue.openLease(this.#owner);
    await this.#queue.reclaimExpired(this.#lease.id);
    const every = (ms: number, work: () => Promise<unknown>) => {
      this.#timers.push(setInterval(() => this.#enqueue(work), ms));
    };
    every(RENEW_MS, () => this.#renew());
    every(RECLAIM_MS, () => this.#reclaim());
    every(LOOK_MS, () => this.#look());
  }

  /** Ends the lease. Runs still claimed under it have to be handed back before. */
  async close(): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    await this.#busy;
    const lease = this.#lease;
    this.#lease = null;
    if (lease === null) return;
    await this.#queue.closeLease(lease).catch((error) => {
      this.#logger.warn({ err: error }, 'the lease could not be closed; it runs out by itself');
    });
  }

  #enqueue(work: () => Promise<unknown>): void {
    this.#busy = this.#busy.then(work).then(
      () => {},
      (error) =>
        this.#logger.warn({ reason: messageOf(error) }, 'the lease could not be kept just now; it is tried again'),
    );
  }

  async #renew(): Promise<void> {
    if (this.#lease !== null && (await this.#queue.renewLease(this.#lease))) return;
    if (this.#lease !== null) {
      this.#logger.error(
        { lease: this.#lease.id },
        'the lease was lost: this process stood still too long; its runs go to others',
      );
      this.#onLost();
    }
    this.#lease = null;
    this.#lease = await this.#queue.openLease(this.#owner);
  }

  async #reclaim(): Promise<void> {
    if (this.#lease === null) return this.#renew();
    const reclaimed = await this.#queue.reclaimExpired(this.#lease.id);
    if (reclaimed > 0) this.#logger.warn({ runs: reclaimed }, 'runs of a worker that died are queued again');
  }

  async #look(): Promise<void> {
    if (this.#lease === null) return;
    for (const runId of await this.#queue.cancelRequests(this.#lease.id)) this.#onCancel(runId);
  }
}
