import type { OperationResult, Task, TaskInput, TaskPatch } from '@ordinaut/contract';
import type { Handlers, World } from '../call.ts';
import { newId } from '../new-id.ts';
import { isAsked, pageOf } from '../page.ts';
import { badRequest, conflict } from '../test-error.ts';
import { found, isoNow } from './find.ts';
import { nextFireTime } from './fire-times.ts';
import { finishRun, latestOf, startRun, statsOf } from './run-life.ts';

const defaults = {
  description: null,
  schedule_expr: null,
  event_topic: null,
  timezone: 'UTC',
  dtstart: null,
  priority: 5,
  max_retries: 3,
  backoff_strategy: 'exponential_jitter',
  dedupe_key: null,
  dedupe_window_seconds: 0,
  concurrency_key: null,
  misfire_policy: 'run_once',
  misfire_grace_seconds: 30,
  created_by: null,
} as const;

/** What of a task changes what its runs do. */
const revised = ['payload', 'max_retries', 'backoff_strategy'] as const;

/** Adds a task, as `tasks.create` does. @throws TestError `bad_request` */
export function addTask(world: World, input: TaskInput, createdBy: string | null): Task {
  const { allow_unknown_tools: allowsUnknown = false, ...given } = input;
  assertSound(world, given, allowsUnknown);
  const now = isoNow(world);
  const task: Task = {
    ...defaults,
    ...given,
    id: newId(world.clock.now()),
    status: 'active',
    created_by: createdBy ?? given.created_by ?? null,
    revision: 1,
    next_run_at: nextFireTime(given, world.clock.now()),
    created_at: now,
    updated_at: now,
  };
  world.state.tasks.set(task.id, task);
  world.state.events.publish('task.created', { task_id: task.id });
  return task;
}

function assertSound({ state }: World, task: Partial<TaskInput>, allowsUnknown: boolean): void {
  const issues = [];
  const { schedule_kind: kind, schedule_expr, event_topic, payload } = task;
  if (kind !== undefined && kind !== 'event' && !schedule_expr)
    issues.push({ field: 'schedule_expr', issue: `is missing; \`${kind}\` needs one.` });
  if ((kind === 'event' || kind === 'condition') && !event_topic)
    issues.push({
      field: 'event_topic',
      issue: `is missing; \`${kind}\` needs one, for example run.failed or \`**\`.`,
    });
  if (kind === 'once' && schedule_expr && Number.isNaN(Date.parse(schedule_expr)))
    issues.push({ field: 'schedule_expr', issue: `is ${JSON.stringify(schedule_expr)}; it must be an instant.` });
  for (const [at, step] of (payload?.pipeline ?? []).entries()) {
    if (allowsUnknown || state.tools.has(step.uses)) continue;
    issues.push({
      field: `payload.pipeline[${at}].uses`,
      issue: `is ${JSON.stringify(step.uses)}; there is no such tool.`,
    });
  }
  if (issues.length > 0) throw badRequest(issues);
}

function change(world: World, id: string, patch: TaskPatch): Task {
  const task = found(world.state.tasks, 'task', id);
  if (task.status === 'canceled')
    throw conflict(`Task ${id} is canceled, which is final; create a new one.`, { status: task.status });
  const { allow_unknown_tools: allowsUnknown = false, ...fields } = patch;
  const changed: Task = { ...task, ...fields, updated_at: isoNow(world) };
  assertSound(world, changed, allowsUnknown || fields.payload === undefined);
  const isRevised = revised.some((field) => JSON.stringify(changed[field]) !== JSON.stringify(task[field]));
  if (isRevised) changed.revision += 1;
  if (changed.status === 'active') changed.next_run_at = nextFireTime(changed, world.clock.now());
  world.state.tasks.set(id, changed);
  world.state.events.publish('task.updated', { task_id: id });
  return changed;
}

type Verb = 'pause' | 'resume' | 'cancel';
const turns = {
  pause: { to: 'paused', from: ['active'], only: 'an active task can be paused' },
  resume: { to: 'active', from: ['paused'], only: 'a paused task can be resumed' },
  cancel: { to: 'canceled', from: ['active', 'paused', 'completed'], only: 'a task that is there can be canceled' },
} as const satisfies Record<Verb, { to: Task['status']; from: readonly Task['status'][]; only: string }>;

function turn(world: World, id: string, verb: Verb): OperationResult {
  const task = found(world.state.tasks, 'task', id);
  const { to, from, only } = turns[verb];
  const answer = (message: string, next: string | null): OperationResult => ({
    success: true,
    message,
    details: { action: verb, task_id: id, old_status: task.status, new_status: to, next_run_at: next },
  });
  if (task.status === to) return answer(`The task is already ${to}.`, task.next_run_at);
  if (!(from as readonly string[]).includes(task.status))
    throw conflict(`Task ${id} is ${task.status}; only ${only}.`, { status: task.status });
  const next_run_at = to === 'active' ? nextFireTime(task, world.clock.now()) : null;
  world.state.tasks.set(id, { ...task, status: to, next_run_at, updated_at: isoNow(world) });
  world.state.events.publish(`task.${to === 'active' ? 'resumed' : to}`, { task_id: id });
  return answer(`The task is ${to}.`, next_run_at);
}

/** For good, with the runs that have not begun. */
function cancel(world: World, id: string): OperationResult {
  const answer = turn(world, id, 'cancel');
  const queued = [...world.state.runs.values()].filter((run) => run.task_id === id && run.status === 'queued');
  for (const run of queued) finishRun(world, run.id, { status: 'canceled' });
  return { ...answer, details: { ...answer.details, canceled_runs: queued.length } };
}

export const taskHandlers: Handlers<'tasks'> = {
  'tasks.create': ({ world, body, caller }) => addTask(world, body, caller.principal?.name ?? null),
  'tasks.list': ({ world, query }) =>
    pageOf(
      [...world.state.tasks.values()].filter(
        ({ status, schedule_kind, created_by }) =>
          isAsked(query.status, status) &&
          isAsked(query.schedule_kind, schedule_kind) &&
          isAsked<string | null>(query.created_by, created_by),
      ),
      query,
    ),
  'tasks.get': ({ world, params }) => found(world.state.tasks, 'task', params.id),
  'tasks.replace': ({ world, params, body }) => change(world, params.id, body),
  'tasks.update': ({ world, params, body }) => change(world, params.id, body),
  'tasks.delete': ({ world, params }) => cancel(world, params.id),
  'tasks.pause': ({ world, params }) => turn(world, params.id, 'pause'),
  'tasks.resume': ({ world, params }) => turn(world, params.id, 'resume'),
  'tasks.cancel': ({ world, params }) => cancel(world, params.id),
  'tasks.snooze': ({ world, params, body: { delay_seconds, reason } }) => {
    const task = found(world.state.tasks, 'task', params.id);
    if (task.status !== 'active' || task.next_run_at === null)
      throw conflict(`Task ${params.id} is ${task.status} and has no next run to put off.`, { status: task.status });
    const from = Math.max(world.clock.now(), Date.parse(task.next_run_at));
    const next_run_at = new Date(from + delay_seconds * 1000).toISOString();
    world.state.tasks.set(task.id, { ...task, next_run_at, updated_at: isoNow(world) });
    world.state.events.publish('task.updated', { task_id: task.id });
    const details = { task_id: task.id, delay_seconds, next_run_at, ...(reason !== undefined && { reason }) };
    return { success: true, message: `The next run is put off by ${delay_seconds} s.`, details };
  },
  'tasks.run_now': ({ world, params, body }) => {
    const task = found(world.state.tasks, 'task', params.id);
    if (task.status === 'canceled')
      throw conflict(`Task ${params.id} is canceled; it does not run any more.`, { status: task.status });
    const { run, deduplicated } = startRun(world, task, { trigger: 'manual', params: body?.params ?? null });
    const message = deduplicated ? 'A run in the dedupe window stands for this one.' : 'The run is queued.';
    return { success: true, message, details: { task_id: task.id, run_id: run.id, deduplicated } };
  },
  'tasks.latest_run': ({ world, params }) => latestOf(world, params.id),
  'tasks.stats': ({ world, params, query }) => statsOf(world, params.id, query.days),
};
