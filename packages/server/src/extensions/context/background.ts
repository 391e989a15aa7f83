import type { Background, BackgroundOptions, BackgroundTask } from '@ordinaut/kit';
import { type Culprit, runAs } from '../../containment/attribution.ts';
import type { Clock } from '../../kernel/clock.ts';
import { messageOf } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import { within } from '../../kernel/within.ts';
import { parseSchedule } from '../../schedule/parse.ts';
import type { Ledger } from '../ledger.ts';

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
const STOP_MS = 10_000;

interface Supervised {
  state: BackgroundTask['state'];
  runs: number;
  failures: number;
  lastError: string | null;
  readonly stop: AbortController;
  done: Promise<void>;
  readonly undo: () => Promise<void>;
}

/** The supervisor of the background tasks of one generation: restarts with backoff, runs periods, stops and drains. */
export class BackgroundSupervisor implements Background {
  readonly #deps: { ledger: Ledger; culprit: Culprit; clock: Clock; logger: Logger; onFailure(error: unknown): void };
  readonly #tasks = new Map<string, Supervised>();

  constructor(deps: {
    ledger: Ledger;
    culprit: Culprit;
    clock: Clock;
    logger: Logger;
    /** Hears of each run that has thrown. */
    onFailure(error: unknown): void;
  }) {
    this.#deps = deps;
  }

  start(name: string, run: (signal: AbortSignal) => unknown, options: BackgroundOptions = {}) {
    const { ledger } = this.#deps;
    ledger.assertOpen(`background ${name}`);
    const earlier = this.#tasks.get(name);
    if (earlier && earlier.state !== 'completed')
      throw new Error(
        `There is a background task ${JSON.stringify(name)} already; stop it first, or choose another name.`,
      );
    const delay = periodOf(options, this.#deps.clock);
    const stop = new AbortController();
    const undo = ledger.add('background', name, () => this.#end(name, task));
    const done = Promise.resolve();
    const task: Supervised = { state: 'running', runs: 0, failures: 0, lastError: null, stop, done, undo };
    this.#tasks.set(name, task);
    task.done = this.#supervise(name, task, run, delay).then(() => ledger.ended(undo));
    return undo;
  }

  async stop(name: string): Promise<void> {
    await this.#tasks.get(name)?.undo();
  }

  list(): BackgroundTask[] {
    return [...this.#tasks].map(([name, { state, runs, failures, lastError }]) => ({
      name,
      state,
      runs,
      failures,
      lastError,
    }));
  }

  async #end(name: string, task: Supervised): Promise<void> {
    task.stop.abort(new Error(`The background task ${name} is stopped.`));
    if (this.#tasks.get(name) === task) this.#tasks.delete(name);
    await within(STOP_MS, () => task.done, `The background task ${name} heeds no signal: it did not end`);
  }

  /** Ends when the task has completed or is stopped; never throws. */
  async #supervise(
    name: string,
    task: Supervised,
    run: (signal: AbortSignal) => unknown,
    delay: (() => number) | null,
  ): Promise<void> {
    const { culprit, logger, onFailure } = this.#deps;
    const { signal } = task.stop;
    let retryMs = FIRST_RETRY_MS;
    if (delay !== null && !(await this.#wait(task, delay()))) return;
    while (!signal.aborted) {
      task.state = 'running';
      task.runs += 1;
      let waitMs: number;
      try {
        await runAs(culprit, async () => await run(signal));
        if (delay === null) break;
        retryMs = FIRST_RETRY_MS;
        waitMs = delay();
      } catch (error) {
        if (signal.aborted) break;
        task.failures += 1;
        task.lastError = messageOf(error);
        onFailure(error);
        waitMs = delay === null ? retryMs : Math.max(retryMs, delay());
        logger.error({ err: error, task: name, retry_in_ms: waitMs }, 'a background task failed; it is started again');
        retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2);
      }
      if (!(await this.#wait(task, waitMs))) return;
    }
    task.state = 'completed';
    if (!signal.aborted) logger.debug({ task: name }, 'a background task has completed');
  }

  /** False when the task was stopped meanwhile. */
  async #wait(task: Supervised, ms: number): Promise<boolean> {
    task.state = 'waiting';
    try {
      await this.#deps.clock.sleep(ms, task.stop.signal);
      return true;
    } catch {
      return false;
    }
  }
}

/** Milliseconds from now to the next run; null for work that runs once. */
function periodOf({ every, cron, timezone = 'UTC' }: BackgroundOptions, clock: Clock): (() => number) | null {
  if (every !== undefined && cron !== undefined) throw new TypeError('Give `every` or `cron`, not both.');
  if (every !== undefined) {
    if (!(Number.isFinite(every) && every > 0))
      throw new TypeError(`\`every\` is ${every}; it must be milliseconds above 0.`);
    return () => every;
  }
  if (cron === undefined) return null;
  const schedule = parseSchedule({ kind: 'cron', expr: cron, eventTopic: null, timezone, dtstart: null });
  if (schedule.kind !== 'cron') throw new TypeError(`${cron} has no fire times.`);
  return () => {
    const next = schedule.nextAfter(clock.now());
    if (next === null) throw new Error(`${cron} has no fire time left.`);
    return Math.max(0, next - clock.now());
  };
}
