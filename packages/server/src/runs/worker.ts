import type { FinalRunStatus } from '@ordinaut/contract';
import { answerTo } from '../approvals/answer-to.ts';
import type { Clock } from '../kernel/clock.ts';
import { isUnavailable, messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';
import { Wakeup } from '../kernel/wakeup.ts';
import type { Checkpoint, ClaimedRun, Settlement } from '../storage/run-queue.ts';
import type { Store } from '../storage/store.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import { Batcher } from './batcher.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { Prefetch } from './prefetch.ts';
import type { Revisions } from './revisions.ts';
import { type ExecutionRoom, executeRun, failedSettlement, type StopReason } from './run-execution.ts';
import type { RunFeed } from './run-feed.ts';

const POLL_MS = { sqlite: 5000, postgres: 1000 } as const;
const RETRY_MS = [100, 500, 1000, 2000, 5000] as const;
const BATCH = 500;
/** The longest that runs are executed without a turn of the event loop. */
const TURN_MS = 4;
/** A claimed run that has not begun by then is handed back. */
const STALE_MS = 1000;
/** How long after the drain results may take to be stored. */
const STORE_MS = 5000;

export interface WorkerDeps {
  readonly store: Store;
  readonly tools: ToolRegistry;
  readonly revisions: Revisions;
  readonly feed: RunFeed;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Name of this process, shown as `lease_owner`. */
  readonly owner: string;
  /** Runs executed at a time. */
  readonly concurrency: number;
  /** How long `stop` lets runs go on, in milliseconds. */
  readonly drainMs: number;
  /** Told when the end of a run is stored. Default: nobody is. */
  readonly onFinished?: (status: FinalRunStatus) => void;
}

/**
 * Claims runs and executes them.
 *
 *   claim a batch ──> buffer ──> up to `concurrency` executing ──> settlements, stored in batches
 *
 * More runs than can execute at once are claimed only as far as they will be begun within some milliseconds (see
 * `Prefetch`): so the round trip of a claim costs nothing when runs are short, and no run waits here for a long one while
 * another worker is idle.
 */
export class Worker implements Service {
  readonly name = 'worker';
  readonly #deps: WorkerDeps;
  /** Cuts the wait of the claim loop short. */
  readonly #wakeup = new Wakeup();
  /** Cuts the wait of the wake loop short. */
  readonly #waking = new Wakeup();
  readonly #executing = new Map<string, AbortController>();
  readonly #prefetch: Prefetch;
  readonly #keeper: LeaseKeeper;
  readonly #settlements: Batcher<Settlement>;
  readonly #checkpoints: Batcher<Checkpoint>;
  readonly #room: ExecutionRoom;
  #buffer: ClaimedRun[] = [];
  #stop: AbortController | null = null;
  #stopping: Promise<void> | null = null;
  #staleCheck: NodeJS.Timeout | undefined;
  #lastBegunAt = 0;
  #loops: Promise<unknown> | null = null;
  #idle: (() => void) | null = null;
  #wakeAt: number | null = null;
  #failing = false;
  #resting = false;
  #turnBegan = 0;

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
    const { store, clock, logger } = deps;
    this.#prefetch = new Prefetch(deps.concurrency);
    this.#keeper = new LeaseKeeper({
      queue: store.queue,
      owner: deps.owner,
      logger,
      onLost: () => this.#abortAll('lease_lost'),
      onCancel: this.#onCancel,
    });
    const batching = { clock, logger, maxBatch: BATCH };
    this.#settlements = new Batcher<Settlement>({
      ...batching,
      what: 'results of runs',
      lanes: 2,
      send: (items) => store.queue.settle(items),
    });
    this.#checkpoints = new Batcher<Checkpoint>({
      ...batching,
      what: 'checkpoints',
      lanes: 2,
      send: (items) => store.queue.checkpoint(items),
    });
    const { revisions, tools, random, feed } = deps;
    this.#room = {
      revisions,
      tools,
      clock,
      random,
      logger,
      feed,
      answerTo: (id) => answerTo(store, id),
      checkpoint: (item) => this.#checkpoints.add(item),
    };
  }

  async start(): Promise<void> {
    if (this.#stop !== null) return;
    await this.#keeper.open();
    this.#stop = new AbortController();
    this.#deps.store.signals.on('runs', this.#onRuns).on('cancel', this.#onCancel);
    this.#staleCheck = setInterval(() => this.#handBackStale(), STALE_MS);
    this.#loops = Promise.all([this.#claimLoop(this.#stop.signal), this.#wakeLoop(this.#stop.signal)]);
  }

  /**
   * Stops claiming, lets runs go on for the drain time, hands back what is left. What cannot be stored because the database is
   * away is given up then: the lease runs out and gives the runs to others.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopOnce().finally(() => {
      this.#stopping = null;
    });
    return this.#stopping;
  }

  async #stopOnce(): Promise<void> {
    if (this.#stop === null) return;
    const { store, drainMs } = this.#deps;
    this.#stop.abort();
    const giveUp = setTimeout(() => {
      this.#checkpoints.abandon();
      this.#settlements.abandon();
    }, drainMs + STORE_MS);
    await this.#loops;
    clearInterval(this.#staleCheck);
    store.signals.off('runs', this.#onRuns).off('cancel', this.#onCancel);
    this.#handBack();
    if (this.#executing.size > 0) await this.#drain();
    await this.#settlements.settled();
    await this.#keeper.close();
    clearTimeout(giveUp);
    this.#stop = null;
  }

  /** Runs that are executed now. */
  get executing(): number {
    return this.#executing.size;
  }

  /** Whether the queue can be reached. */
  get healthy(): boolean {
    return !this.#failing && this.#keeper.current !== null;
  }

  readonly #onRuns = () => this.#wakeup.signal();

  readonly #onCancel = (runId: string) => {
    this.#executing.get(runId)?.abort('cancel' satisfies StopReason);
    this.#buffer = this.#buffer.map((run) => (run.id === runId ? { ...run, cancelRequested: true } : run));
  };

  async #claimLoop(stop: AbortSignal): Promise<void> {
    const pollMs = POLL_MS[this.#deps.store.kind];
    let failures = 0;
    while (!stop.aborted) {
      const lease = this.#keeper.current;
      const room = this.#deps.concurrency - this.#executing.size - this.#buffer.length + this.#prefetch.size;
      // A claim costs a round trip: with enough in the buffer it waits until it is worth one.
      const worth = this.#buffer.length > 0 ? Math.max(1, Math.floor(this.#prefetch.size / 2)) : 1;
      if (lease === null || room < worth) {
        await this.#wakeup.wait(pollMs, stop);
        continue;
      }
      try {
        const runs = await this.#deps.store.queue.claim(lease, Math.min(room, BATCH));
        if (this.#failing) this.#deps.logger.info('worker goes on');
        this.#failing = false;
        failures = 0;
        if (this.#buffer.length === 0) this.#lastBegunAt = this.#deps.clock.monotonic();
        this.#buffer.push(...runs);
        // What could not be read now, each run asks for again; a run that is refused too goes back.
        await this.#deps.revisions.prepare(runs).catch(() => {});
        if (!stop.aborted) this.#fill();
        if (runs.length === 0) await this.#wakeup.wait(pollMs, stop);
      } catch (error) {
        if (!this.#failing) this.#deps.logger.error({ err: error }, 'worker cannot claim runs; it tries again');
        this.#failing = true;
        await this.#wakeup.wait(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]!, stop);
      }
    }
  }

  /** Makes delayed and sleeping runs ready when their time has come. */
  async #wakeLoop(stop: AbortSignal): Promise<void> {
    const { store, clock } = this.#deps;
    const pollMs = POLL_MS[store.kind];
    while (!stop.aborted) {
      let nextAt: number | null = null;
      try {
        this.#wakeAt = null;
        ({ nextAt } = await store.queue.wake(clock.now()));
      } catch {
        // The claim loop tells of an outage; here it is enough to look again.
      }
      const known = Math.min(nextAt ?? Number.POSITIVE_INFINITY, this.#wakeAt ?? Number.POSITIVE_INFINITY);
      await this.#waking.wait(Math.max(1, Math.min(pollMs, known - clock.now())), stop);
    }
  }

  #fill(): void {
    while (this.#executing.size < this.#deps.concurrency && this.#buffer.length > 0) {
      this.#lastBegunAt = this.#deps.clock.monotonic();
      void this.#execute(this.#buffer.shift()!);
    }
  }

  /**
   * Goes on with the buffer. Runs of fast tools end without a turn of the event loop, a buffer full of them would hold it for
   * tens of milliseconds: so now and then everybody else gets a turn.
   */
  #next(): void {
    const { clock } = this.#deps;
    if (this.#resting) return;
    if (clock.monotonic() - this.#turnBegan < TURN_MS) {
      this.#fill();
      this.#wakeup.signal();
      return;
    }
    this.#resting = true;
    setImmediate(() => {
      this.#resting = false;
      this.#turnBegan = clock.monotonic();
      if (this.#stop?.signal.aborted !== false) return;
      this.#fill();
      this.#wakeup.signal();
    });
  }

  async #execute(run: ClaimedRun): Promise<void> {
    const { clock, feed, logger } = this.#deps;
    const controller = new AbortController();
    const startedAt = clock.monotonic();
    this.#executing.set(run.id, controller);
    if (feed.followed(run.id)) feed.tell(run.id, { step: null });
    try {
      const settlement = await executeRun(run, controller.signal, this.#room);
      if (settlement !== null) this.#settle(settlement);
    } catch (error) {
      logger.error({ err: error, run_id: run.id }, 'a run could not be executed; it is handed back');
      this.#settle({ kind: 'release', runId: run.id, fence: run.fence });
    } finally {
      this.#prefetch.took(clock.monotonic() - startedAt);
      this.#executing.delete(run.id);
      if (this.#executing.size === 0) this.#idle?.();
      if (this.#stop?.signal.aborted === false) this.#next();
    }
  }

  /** Runs were shorter when these were claimed: they go back, so that a worker with a free place can begin them. */
  #handBackStale(): void {
    if (this.#buffer.length === 0 || this.#deps.clock.monotonic() - this.#lastBegunAt < STALE_MS) return;
    this.#prefetch.forget();
    this.#handBack();
  }

  #handBack(): void {
    for (const run of this.#buffer.splice(0)) this.#settle({ kind: 'release', runId: run.id, fence: run.fence });
  }

  #settle(settlement: Settlement): void {
    const { feed, logger } = this.#deps;
    this.#settlements.add(settlement).then(
      (stored) => {
        if (!stored)
          logger.warn({ run_id: settlement.runId }, 'a result was refused: the run belongs to another worker');
        if (stored && settlement.kind === 'finish') this.#deps.onFinished?.(settlement.status);
        if (settlement.kind === 'retry' || settlement.kind === 'park') {
          this.#wakeAt = Math.min(settlement.wakeAt, this.#wakeAt ?? Number.POSITIVE_INFINITY);
          this.#waking.signal();
        }
        if (feed.followed(settlement.runId)) feed.tell(settlement.runId, { step: null });
      },
      (error) => {
        logger.error({ err: error, run_id: settlement.runId }, 'a result could not be stored');
        if (isUnavailable(error)) return;
        // Something in the result itself: without it the end of the run can be stored.
        if (settlement.kind === 'finish' && settlement.steps !== '[]')
          this.#settle(failedSettlement(settlement, messageOf(error)));
      },
    );
  }

  async #drain(): Promise<void> {
    const { logger, drainMs, clock } = this.#deps;
    logger.info({ runs: this.#executing.size, seconds: drainMs / 1000 }, 'waiting for runs to finish');
    const enough = new AbortController();
    const idle = () =>
      this.#executing.size === 0
        ? Promise.resolve()
        : new Promise<void>((resolve) => {
            this.#idle = resolve;
          });
    await Promise.race([idle(), clock.sleep(drainMs, enough.signal).catch(() => {})]);
    enough.abort();
    if (this.#executing.size === 0) return;
    logger.info({ runs: this.#executing.size }, 'handing back runs that are not finished');
    this.#abortAll('drain');
    await idle();
  }

  #abortAll(reason: StopReason): void {
    for (const controller of this.#executing.values()) controller.abort(reason);
    if (reason === 'lease_lost') this.#buffer = [];
  }
}
