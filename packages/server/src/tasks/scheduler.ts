import type { Clock } from '../kernel/clock.ts';
import { unavailable } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';
import { Wakeup } from '../kernel/wakeup.ts';
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
const RETRY_MS = [100, 500, 1000, 2000] as const;

/**
 * Fires due tasks: sleeps until the earliest fire time, then takes the due tasks in batches; each batch stores its runs and
 * moves its tasks on in one transaction. Any number of schedulers may run side by side.
 */
export class Scheduler implements Service {
  readonly name = 'scheduler';
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #wakeup = new Wakeup();
  #loop: Promise<void> | null = null;
  #stop: AbortController | null = null;
  #lateMs: number | null = 0;

  constructor(deps: { store: Store; clock: Clock; logger: Logger }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
  }

  async start(): Promise<void> {
    if (this.#loop !== null) return;
    this.#stop = new AbortController();
    this.#store.signals.on('tasks', this.#onTasks);
    this.#loop = this.#run(this.#stop.signal);
  }

  async stop(): Promise<void> {
    this.#store.signals.off('tasks', this.#onTasks);
    this.#stop?.abort();
    await this.#loop;
    this.#loop = null;
  }

  /** Resolves to how late the last due task was fired, in milliseconds. @throws ApiError when it cannot look. */
  lateness(): number {
    if (this.#lateMs === null) throw unavailable('The scheduler cannot reach the database.');
    return this.#lateMs;
  }

  readonly #onTasks = () => this.#wakeup.signal();

  async #run(stop: AbortSignal): Promise<void> {
    let failures = 0;
    while (!stop.aborted) {
      try {
        const sleepMs = await this.#tick(stop);
        if (failures > 0) this.#logger.info('scheduler goes on');
        failures = 0;
        await this.#wakeup.wait(sleepMs, stop);
      } catch (error) {
        if (failures === 0) this.#logger.error({ err: error }, 'scheduler cannot fire tasks; it tries again');
        this.#lateMs = null;
        await this.#wakeup.wait(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]!, stop);
      }
    }
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
    return next === null ? MAX_SLEEP_MS : Math.min(MAX_SLEEP_MS, next - this.#clock.now());
  }

  #plan(task: DueTask, now: number): TaskPlan {
    const nominal = task.nextRunAt;
    try {
      const { fires, next } = this.#firesOf(task, now);
      return { taskId: task.id, nominal, next, runs: fires.map((at) => toRun(task, at, now)) };
    } catch (error) {
      // It was checked when it was stored; if a newer library reads it otherwise, one task stops, not the scheduler.
      this.#logger.error(
        { err: error, task_id: task.id },
        'the schedule of a task cannot be read; the task is completed',
      );
      return { taskId: task.id, nominal, next: null, runs: [] };
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
