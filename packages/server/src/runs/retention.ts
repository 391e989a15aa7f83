import type { Clock } from '../kernel/clock.ts';
import { HourlySweep } from '../kernel/hourly-sweep.ts';
import { firstIdOf } from '../kernel/ids.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';
import { dayOf } from '../storage/run-queue.ts';
import type { Store } from '../storage/store.ts';

const DAY_MS = 86_400_000;
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
  readonly #hourly: HourlySweep;

  /** @param deps.days How long finished runs are kept. */
  constructor(deps: { store: Store; clock: Clock; logger: Logger; days: number }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#days = deps.days;
    const { logger } = deps;
    this.#hourly = new HourlySweep({ name: this.name, logger, sweep: (stop) => this.sweep(stop) });
  }

  start(): Promise<void> {
    return this.#hourly.start();
  }

  stop(): Promise<void> {
    return this.#hourly.stop();
  }

  /** Deletes now; answers how many runs went. */
  async sweep(stop?: AbortSignal): Promise<number> {
    const { db } = this.#store;
    const now = this.#clock.now();
    const before = now - this.#days * DAY_MS;
    let total = 0;
    for (let deleted = CHUNK; deleted === CHUNK && stop?.aborted !== true; total += deleted) {
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
    await db
      .deleteFrom('approvals')
      .where('status', '<>', 'pending')
      .where('id', '<', firstIdOf(before))
      .where('decided_at', '<', before)
      // A run that has not yet gone on looks for its answer.
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom('runs').select('runs.id').whereRef('runs.id', '=', 'approvals.run_id'))),
      )
      .execute();
    await db.deleteFrom('dedupe_windows').where('expires_at', '<', now).execute();
    await db
      .deleteFrom('idempotency_keys')
      .where('created_at', '<', now - DAY_MS)
      .execute();
    await db.deleteFrom('alert_submissions').where('submitted_at', '<', before).execute();
    await db
      .deleteFrom('run_stats')
      .where('day', '<', dayOf(now) - STATS_DAYS)
      .execute();
    if (total > 0) this.#logger.info({ runs: total, older_than_days: this.#days }, 'deleted old runs');
    return total;
  }
}
