import type {
  OperationResult,
  Page,
  Run,
  RunListQuery,
  RunStatsSummary,
  RunSummary,
  StepRecord,
  TaskStats,
} from '@ordinaut/contract';
import { type Clock, toIsoOrNull } from '../kernel/clock.ts';
import { conflict, notFound } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import type { Store } from '../storage/store.ts';
import { type FollowOptions, followRun, type RunEvent } from './follow.ts';
import type { Revisions } from './revisions.ts';
import type { RunFeed } from './run-feed.ts';
import { RunRepository, type Tally } from './run-repository.ts';
import { type RunRecord, toRun, toSummary } from './run-resource.ts';

const DAY_MS = 86_400_000;

/** Runs and what can be asked of them. */
export class RunService {
  readonly #store: Store;
  readonly #runs: RunRepository;
  readonly #revisions: Revisions;
  readonly #feed: RunFeed;
  readonly #clock: Clock;

  constructor(deps: { store: Store; revisions: Revisions; feed: RunFeed; clock: Clock }) {
    this.#store = deps.store;
    this.#runs = new RunRepository(deps.store);
    this.#revisions = deps.revisions;
    this.#feed = deps.feed;
    this.#clock = deps.clock;
  }

  async list(query: RunListQuery): Promise<Page<RunSummary>> {
    const page = await this.#runs.list(query);
    return { ...page, items: page.items.map((run) => toSummary(run, query.include_errors ?? true)) };
  }

  async get(id: string): Promise<Run> {
    return this.#complete(await this.#find(id));
  }

  /** The newest run of a task, or null where it has none. @throws ApiError `not_found` where there is no such task. */
  async latestOf(taskId: string): Promise<Run | null> {
    const run = await this.#runs.latestOf(taskId);
    if (run !== undefined) return this.#complete(run);
    await this.#expectTask(taskId);
    return null;
  }

  /** Ends a run: at once when nobody executes it, otherwise by aborting the step under way. */
  async cancel(id: string): Promise<OperationResult> {
    const outcome = await this.#store.queue.cancel(id, this.#clock.now());
    if (outcome === null) {
      const { status } = await this.#find(id);
      if (status === 'canceled')
        return { success: true, message: 'The run is already canceled.', details: { run_id: id, status } };
      throw conflict(`Run ${id} is over (${status}); it cannot be canceled.`, { status });
    }
    this.#feed.tell(id, { step: null });
    const message = outcome === 'canceled' ? 'The run is canceled.' : 'The run is asked to stop.';
    return { success: true, message, details: { run_id: id, status: outcome === 'canceled' ? 'canceled' : 'running' } };
  }

  /** Runs again what a failed or canceled run did not finish: a new run, which takes over the finished steps. */
  async retry(id: string): Promise<OperationResult> {
    const run = await this.#find(id);
    const record = await this.#runs.history(id);
    if (record === undefined || record.status === 'succeeded') {
      throw conflict(`Run ${id} is ${run.status}; only a failed or canceled run can be retried.`, {
        status: run.status,
      });
    }
    const steps = JSON.parse(record.steps) as StepRecord[];
    const finished = steps.filter(
      (step, index) => step.status === 'succeeded' || (step.status === 'failed' && index < steps.length - 1),
    );
    const [retried] = await this.#store.queue.enqueue([
      {
        id: newId(),
        taskId: record.task_id,
        revision: record.revision,
        trigger: 'api',
        nominalAt: record.nominal_at,
        priority: record.priority,
        params: record.params,
        concurrencyKey: record.concurrency_key,
        dedupe: null,
        retryOf: id,
        checkpoints: finished.map((step) => JSON.stringify(step)),
        createdAt: this.#clock.now(),
      },
    ]);
    const details = { run_id: retried!.id, retry_of: id, kept_steps: finished.length };
    return { success: true, message: 'A new run is queued that goes on where this one ended.', details };
  }

  /** The figures of one task over UTC days, today included. */
  async statsOf(taskId: string, days = 30): Promise<TaskStats> {
    await this.#expectTask(taskId);
    const tally = await this.#runs.tally(this.#since(days), taskId);
    return {
      task_id: taskId,
      period_days: days,
      ...figures(tally),
      last_run: toIsoOrNull(tally.lastRunAt),
      last_success: toIsoOrNull(tally.lastSuccessAt),
      last_failure: toIsoOrNull(tally.lastFailureAt),
    };
  }

  /** The figures of all tasks over UTC days, today included, and of the queue now. */
  async summary(days = 7): Promise<RunStatsSummary> {
    const [tally, live] = await Promise.all([this.#runs.tally(this.#since(days), null), this.#runs.liveCounts()]);
    const counted = figures(tally);
    return {
      period_days: days,
      ...counted,
      total_tasks_executed: tally.tasks,
      runs_per_day: rounded(counted.total_runs / days, 2),
      queued_runs: live.queued,
      running_runs: live.running,
      waiting_runs: live.waiting,
    };
  }

  /** Yields what the run is, then what becomes of it; ends when it is over. @throws ApiError `not_found` at the first step. */
  follow(id: string, options: FollowOptions): AsyncIterable<RunEvent> {
    return followRun(id, { read: () => this.get(id), feed: this.#feed }, options);
  }

  async #expectTask(taskId: string): Promise<void> {
    if (!(await this.#runs.taskExists(taskId))) throw notFound('task', taskId);
  }

  async #find(id: string): Promise<RunRecord> {
    const run = await this.#runs.find(id);
    if (run === undefined) throw notFound('run', id);
    return run;
  }

  async #complete(run: RunRecord): Promise<Run> {
    const steps = JSON.parse(await this.#runs.steps(run)) as StepRecord[];
    return toRun(run, steps, run.status === 'running' ? await this.#presentStep(run, steps) : null);
  }

  /** The step under way is the first of the pipeline that no record tells of. Where it began is not stored. */
  async #presentStep(run: RunRecord, steps: readonly StepRecord[]): Promise<StepRecord | null> {
    const { pipeline } = await this.#revisions.get({ taskId: run.task_id, revision: run.revision });
    const last = steps.at(-1);
    const next = last === undefined ? 0 : pipeline.steps.findIndex((step) => step.id === last.id) + 1;
    const step = pipeline.steps[next];
    if (step === undefined || last?.status === 'waiting') return null;
    const nothing = { started_at: null, finished_at: null, input: null, output: null, error: null };
    return { id: step.id, uses: step.uses, status: 'running', attempt: 1, ...nothing };
  }

  #since(days: number): number {
    return this.#clock.now() - (days - 1) * DAY_MS;
  }
}

function figures({ succeeded, failed, canceled, durationMs }: Tally) {
  const judged = succeeded + failed;
  return {
    total_runs: judged + canceled,
    successful_runs: succeeded,
    failed_runs: failed,
    canceled_runs: canceled,
    success_rate: judged === 0 ? 0 : rounded(succeeded / judged, 4),
    failure_rate: judged === 0 ? 0 : rounded(failed / judged, 4),
    avg_execution_time_seconds: judged === 0 ? null : rounded(durationMs / judged / 1000, 3),
  };
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
