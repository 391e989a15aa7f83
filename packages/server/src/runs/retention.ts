import type { Clock } from '../kernel/clock.ts';
import { firstIdOf } from '../kernel/ids.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';
import { dayOf } from '../storage/run-queue.ts';
import type { Store } from '../storage/store.ts';

const DAY_MS = 86_400_000;
const EVERY_MS = 3_600_000;
const CHUNK = 500;
/** The statistics are small and asked for a year. */
const STATS_DAYS = 400;

/** Deletes what is older than it has to be kept, once an hour, in small pieces so that nobody waits for it. */
export class Retention implements Service {
  readonly name = 'retention';
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #days: number;
  #timer: NodeJS.Timeout | null = null;
  #stop = new AbortController();
  #sweep: Promise<unknown> = Promise.resolve();

  /** @param deps.days How long finished runs are kept. */
  constructor(deps: { store: Store; clock: Clock; logger: Logger; days: number }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#days = deps.days;
  }

  async start(): Promise<void> {
    if (this.#timer !== null) return;
    this.#stop = new AbortController();
    const sweep = () => {
      this.#sweep = this.sweep().catch((error) =>
        this.#logger.warn({ err: error }, 'old runs could not be deleted; it is tried again in an hour'),
      );
    };
    this.#timer = setInterval(sweep, EVERY_MS);
    sweep();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#stop.abort();
    await this.#sweep;
  }

  /** Deletes now; answers how many runs went. */
  async sweep(): Promise<number> {
    const { db } = this.#store;
    const now = this.#clock.now();
    const before = now - this.#days * DAY_MS;
    let total = 0;
    for (let deleted = CHUNK; deleted === CHUNK && !this.#stop.signal.aborted; total += deleted) {
      const oldest = db
        .selectFrom('run_history')
        .select('id')
        .where('id', '<', firstIdOf(before))
        .where('finished_at', '<', before)
        .orderBy('id')
        .limit(CHUNK);
      const { numDeletedRows } = await db.deleteFrom('run_history').where('id', 'in', oldest).executeTakeFirstOrThrow();
      deleted = Number(numDeletedRows);
    }
    await db.deleteFrom('dedupe_windows').where('expires_at', '<', now).execute();
    await db
      .deleteFrom('idempotency_keys')
      .where('created_at', '<', now - DAY_MS)
      .execute();
    await db
      .deleteFrom('run_stats')
      .where('day', '<', dayOf(now) - STATS_DAYS)
      .execute();
    if (total > 0) this.#logger.info({ runs: total, older_than_days: this.#days }, 'deleted old runs');
    return total;
  }
}
