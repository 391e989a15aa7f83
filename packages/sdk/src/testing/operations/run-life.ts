import {
  finalRunStatuses,
  type Run,
  type RunStatsSummary,
  type RunTrigger,
  type StepRecord,
  type Task,
  type TaskStats,
} from '@ordinaut/contract';
import type { World } from '../call.ts';
import { newId } from '../new-id.ts';
import { sleep } from '../sleep.ts';
import type { RunOutcome } from '../state.ts';
import { found, isoNow } from './find.ts';

const DAY_MS = 86_400_000;

export const isOver = ({ status }: Pick<Run, 'status'>): boolean => finalRunStatuses.some((final) => final === status);

/**
 * Makes a run, which goes on by itself:
 *
 *   queued ──at once──> running ──after `afterMs` of its outcome──> succeeded | failed | canceled
 *
 * Tools are not called: a step succeeds with what it was given.
 */
export function startRun(
  world: World,
  task: Task,
  order: { trigger: RunTrigger; params: Record<string, unknown> | null; retryOf?: string },
): { run: Run; deduplicated: boolean } {
  const { state, clock } = world;
  const now = clock.now();
  const since = new Date(now - task.dedupe_window_seconds * 1000).toISOString();
  const standing =
    task.dedupe_key === null || task.dedupe_window_seconds === 0 || order.retryOf !== undefined
      ? undefined
      : [...state.runs.values()].find(
          ({ task_id, created_at }) => created_at >= since && state.tasks.get(task_id)?.dedupe_key === task.dedupe_key,
        );
  if (standing !== undefined) return { run: standing, deduplicated: true };
  const run: Run = {
    id: newId(now),
    task_id: task.id,
    revision: task.revision,
    status: 'queued',
    success: null,
    trigger: order.trigger,
    nominal_time: null,
    priority: task.priority,
    attempt: 0,
    params: order.params,
    concurrency_key: task.concurrency_key,
    retry_of: order.retryOf ?? null,
    lease_owner: null,
    leased_until: null,
    wake_at: null,
    created_at: new Date(now).toISOString(),
    started_at: null,
    finished_at: null,
    error: null,
    output: null,
    steps: [],
  };
  state.runs.set(run.id, run);
  const outcome = state.outcomes.shift() ?? world.runOutcome(run);
  void live(world, run.id, task, outcome);
  return { run, deduplicated: false };
}

async function live(world: World, id: string, task: Task, outcome: RunOutcome): Promise<void> {
  const { clock, closed } = world;
  const { afterMs = 5 } = outcome;
  // Whoever ordered it is told first.
  await Promise.resolve();
  const begun = isoNow(world);
  if (!changeRun(world, id, { status: 'running', attempt: 1, started_at: begun, lease_owner: 'test' })) return;
  world.state.events.publish('run.started', { run_id: id, task_id: task.id, attempt: 1 });
  if (afterMs === Number.POSITIVE_INFINITY) return;
  try {
    await sleep(clock, afterMs, closed);
  } catch {
    return;
  }
  finishRun(world, id, outcome);
}

/** Ends a run that is not over yet; false where it is. */
export function finishRun(world: World, id: string, outcome: RunOutcome): boolean {
  const run = world.state.runs.get(id);
  if (run === undefined || isOver(run)) return false;
  const { status = 'succeeded', output = null, error } = outcome;
  const now = isoNow(world);
  const pipeline = world.state.tasks.get(run.task_id)?.payload.pipeline ?? [];
  const failure =
    status === 'failed'
      ? { code: 'tool_failed', message: 'The tool failed.', step_id: pipeline.at(-1)?.id ?? null, ...error }
      : status === 'canceled'
        ? { code: 'canceled', message: 'The run was canceled.', step_id: null }
        : null;
  const steps = pipeline.map(
    (step): StepRecord => ({
      id: step.id,
      uses: step.uses,
      status: failure !== null && step.id === failure.step_id ? 'failed' : 'succeeded',
      attempt: 1,
      started_at: run.started_at ?? now,
      finished_at: now,
      input: step.with ?? {},
      output: failure !== null && step.id === failure.step_id ? null : (step.with ?? null),
      error: failure !== null && step.id === failure.step_id ? failure : null,
    }),
  );
  const success = status === 'succeeded';
  changeRun(world, id, {
    status,
    success,
    output,
    error: failure,
    finished_at: now,
    steps: status === 'canceled' ? [] : steps,
  });
  world.state.events.publish(`run.${status}`, { run_id: id, task_id: run.task_id });
  return true;
}

function changeRun({ state }: World, id: string, fields: Partial<Run>): boolean {
  const run = state.runs.get(id);
  if (run === undefined || isOver(run)) return false;
  state.runs.set(id, { ...run, ...fields });
  return true;
}

/** The newest run of a task, or null where it has none. @throws TestError `not_found` where there is no such task. */
export function latestOf({ state }: World, taskId: string): Run | null {
  found(state.tasks, 'task', taskId);
  return [...state.runs.values()].findLast(({ task_id }) => task_id === taskId) ?? null;
}

export function statsOf(world: World, taskId: string, days = 30): TaskStats {
  found(world.state.tasks, 'task', taskId);
  const ended = endedSince(world, days).filter(({ task_id }) => task_id === taskId);
  const lastOf = (fits: (run: Run) => boolean) => ended.findLast(fits)?.finished_at ?? null;
  return {
    task_id: taskId,
    period_days: days,
    ...figures(ended),
    last_run: lastOf(() => true),
    last_success: lastOf(({ status }) => status === 'succeeded'),
    last_failure: lastOf(({ status }) => status === 'failed'),
  };
}

export function summaryOf(world: World, days = 7): RunStatsSummary {
  const ended = endedSince(world, days);
  const counted = figures(ended);
  const live = (status: Run['status']) => [...world.state.runs.values()].filter((run) => run.status === status).length;
  return {
    period_days: days,
    ...counted,
    total_tasks_executed: new Set(ended.map(({ task_id }) => task_id)).size,
    runs_per_day: rounded(counted.total_runs / days, 2),
    queued_runs: live('queued'),
    running_runs: live('running'),
    waiting_runs: live('waiting'),
  };
}

const endedSince = ({ state, clock }: World, days: number): Run[] => {
  const since = new Date(clock.now() - (days - 1) * DAY_MS).toISOString().slice(0, 10);
  return [...state.runs.values()].filter((run) => run.finished_at !== null && run.finished_at >= since);
};

function figures(ended: readonly Run[]) {
  const count = (status: Run['status']) => ended.filter((run) => run.status === status).length;
  const [succeeded, failed, canceled] = [count('succeeded'), count('failed'), count('canceled')];
  const judged = succeeded + failed;
  const ms = ended
    .filter(({ status, started_at }) => status !== 'canceled' && started_at !== null)
    .reduce((sum, run) => sum + Date.parse(run.finished_at!) - Date.parse(run.started_at!), 0);
  return {
    total_runs: judged + canceled,
    successful_runs: succeeded,
    failed_runs: failed,
    canceled_runs: canceled,
    success_rate: judged === 0 ? 0 : rounded(succeeded / judged, 4),
    failure_rate: judged === 0 ? 0 : rounded(failed / judged, 4),
    avg_execution_time_seconds: judged === 0 ? null : rounded(ms / judged / 1000, 3),
  };
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
