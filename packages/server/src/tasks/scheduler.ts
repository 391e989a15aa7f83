import type { Clock } from '../kernel/clock.ts';
import { unavailable } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';
import { StandingWork } from '../kernel/standing-work.ts';
import { planFire } from '../schedule/fire-plan.ts';
import { parseSchedule } from '../schedule/parse.ts';
import type { DueTask, TaskPlan } from '../storage/due-tasks.ts';
import type { NewRun } from '../storage/run-queue.ts';
import type { Store } from '../storage/store.ts';
import { isTimed } from './fire-times.ts';
import { dedupeOf } from './request-run.ts';

const BATCH = 200;
/** Runs a task that is catching up gets in one transaction; the rest follow in the next. */
const CATCH_UP = 500;
/** The longest sleep: so a jump of the clock, or a hint that was lost, is noticed within it. */
const MAX_SLEEP_MS = 1000;
const LOCKED_MS = 10;

/**
 * Fires due tasks: sleeps until the earliest fire time, then takes the due tasks in batches; each batch stores its runs and
 * moves its tasks on in one transaction. Any number of schedulers may run side by side.
 */
export class Scheduler implements Service {
  readonly name = 'scheduler';
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #work: StandingWork;
  #lateMs = 0;

  constructor(deps: { store: Store; clock: Clock; logger: Logger }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#work = new StandingWork({
      name: this.name,
      logger: deps.logger,
      trouble: 'scheduler cannot fire tasks',
      work: (stop) => this.#tick(stop),
    });
  }

  async start(): Promise<void> {
    this.#store.signals.on('tasks', this.#work.wake);
    await this.#work.start();
  }

  async stop(): Promise<void> {
    this.#store.signals.off('tasks', this.#work.wake);
    await this.#work.stop();
  }

  /** How late the last due task was fired, in milliseconds. @throws ApiError while nothing can be fired, with the reason. */
  lateness(): number {
    const { failure } = this.#work;
    if (failure !== null) throw unavailable(`Tasks cannot be fired: ${failure}`);
    return this.#lateMs;
  }

  /** Fires all that is due; answers how long nothing will be. */
  async #tick(stop: AbortSignal): Promise<number> {
    let more = true;
    let lateMs = 0;
    while (more && !stop.aborted) {
      const now = this.#clock.now();
      const fired = await this.#store.dueTasks.fire(now, BATCH, (task) => {
        lateMs = Math.max(lateMs, now - task.nextRunAt);
        return this.#plan(task, now);
      });
      more = fired.more;
    }
    this.#lateMs = lateMs;
    const next = await this.#store.dueTasks.earliest();
    if (next === null) return MAX_SLEEP_MS;
    const wait = next - this.#clock.now();
    // A task that is due still is just being fired by another process.
    return wait > 0 ? Math.min(MAX_SLEEP_MS, wait) : LOCKED_MS;
  }

  #plan(task: DueTask, now: number): TaskPlan {
    const { id: taskId, nextRunAt: nominal, revision } = task;
    try {
      const { fires, next } = this.#firesOf(task, now);
      return { taskId, nominal, revision, next, runs: fires.map((at) => toRun(task, at, now)) };
    } catch (error) {
      // It was checked when it was stored; if a newer library reads it otherwise, one task stops, not the scheduler.
      this.#logger.error(
        { err: error, task_id: taskId },
        'the schedule of a task cannot be read; the task is completed',
      );
      return { taskId, nominal, revision, next: null, runs: [] };
    }
  }

  #firesOf(task: DueTask, now: number) {
    const { scheduleKind: kind, scheduleExpr: expr, timezone, dtstart } = task;
    const schedule = parseSchedule({ kind, expr, eventTopic: null, timezone, dtstart });
    if (!isTimed(schedule)) throw new Error(`A ${kind} schedule has no fire times.`);
    return planFire({
      schedule,
      nominal: task.nextRunAt,
      now,
      policy: task.misfirePolicy,
      graceMs: task.misfireGraceSeconds * 1000,
      limit: CATCH_UP,
    });
  }
}

const toRun = (task: DueTask, nominalAt: number, now: number): NewRun => ({
  id: newId(),
  taskId: task.id,
  revision: task.revision,
  trigger: 'schedule',
  nominalAt,
  priority: task.priority,
  params: null,
  concurrencyKey: task.concurrencyKey,
  dedupe: dedupeOf(task.dedupeKey, task.dedupeWindowSeconds),
  retryOf: null,
  checkpoints: [],
  createdAt: now,
});
