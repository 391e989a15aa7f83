import { messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Lease, RunQueue } from '../storage/run-queue.ts';

const RENEW_MS = 20_000;
const LOOK_MS = 2000;
const RECLAIM_MS = 5000;
const RETRY_MS = 1000;

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
  #retry: NodeJS.Timeout | undefined;
  #uncertainSince: number | null = null;

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
    this.#every(RENEW_MS, () => this.#renew());
    this.#every(RECLAIM_MS, () => this.#reclaim());
    this.#every(LOOK_MS, () => this.#look());
  }

  /** Ends the lease. Runs still claimed under it have to be handed back before; otherwise it is left to run out. */
  async close(): Promise<void> {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    clearTimeout(this.#retry);
    await this.#busy;
    const lease = this.#lease;
    this.#lease = null;
    if (lease === null) return;
    await this.#queue.closeLease(lease).catch((error) => {
      this.#logger.warn({ reason: messageOf(error) }, 'the lease could not be closed; it runs out by itself');
    });
  }

  /** Does work again and again; while one turn of it is under way, further ones are left out. */
  #every(ms: number, work: () => Promise<unknown>): void {
    let waiting = false;
    const turn = async () => {
      try {
        await work();
      } finally {
        waiting = false;
      }
    };
    const tick = () => {
      if (waiting) return;
      waiting = true;
      this.#enqueue(turn);
    };
    this.#timers.push(setInterval(tick, ms));
  }

  #enqueue(work: () => Promise<unknown>): void {
    this.#busy = this.#busy.then(work).then(
      () => {},
      (error) => {
        if (this.#uncertainSince === null) {
          this.#logger.warn({ reason: messageOf(error) }, 'the lease could not be kept just now; it is tried again');
        }
        this.#uncertainSince = performance.now();
        clearTimeout(this.#retry);
        if (this.#timers.length > 0) this.#retry = setTimeout(() => this.#enqueue(() => this.#renew()), RETRY_MS);
      },
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
    // After an outage everybody gets the time to renew before anybody is taken for dead.
    if (this.#uncertainSince !== null && performance.now() - this.#uncertainSince < RENEW_MS) return;
    this.#uncertainSince = null;
    const reclaimed = await this.#queue.reclaimExpired(this.#lease.id);
    if (reclaimed > 0) this.#logger.warn({ runs: reclaimed }, 'runs of a worker that died are queued again');
  }

  async #look(): Promise<void> {
    if (this.#lease === null) return;
    for (const runId of await this.#queue.cancelRequests(this.#lease.id)) this.#onCancel(runId);
  }
}
