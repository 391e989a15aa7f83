import {
  type OperationResult,
  type Page,
  RunNowInput,
  SnoozeInput,
  type Task,
  type TaskListQuery,
} from '@ordinaut/contract';
import { type Clock, toIso, toIsoOrNull } from '../kernel/clock.ts';
import { badRequest, conflict, notFound } from '../kernel/errors.ts';
import { isUuid, newId } from '../kernel/ids.ts';
import { lazyCheck } from '../kernel/schema.ts';
import { type Author, assertMayUse, authorship } from '../pipeline/author.ts';
import { parseSchedule } from '../schedule/parse.ts';
import { chainOfCaller } from '../storage/chain-of-caller.ts';
import type { Store } from '../storage/store.ts';
import type { RevisionRow, TaskRow } from '../storage/tables.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import { firstFireTime, isTimed } from './fire-times.ts';
import { orderedRun, requestRun } from './request-run.ts';
import { assertMayHear, creatorOf } from './task-author.ts';
import { readTaskInput, readTaskPatch, type TaskDefinition } from './task-definition.ts';
import { type TaskChange, TaskRepository } from './task-repository.ts';
import { type TaskRecord, toTask } from './task-resource.ts';

const checkSnooze = lazyCheck(SnoozeInput);
const checkRunNow = lazyCheck(RunNowInput);
const CANCEL_BATCH = 100;

/**
 * Tasks and what can be done with them.
 *
 *    active <--pause/resume--> paused        active --last fire time--> completed --new schedule--> active
 *    any but canceled --cancel--> canceled (final)
 */
export class TaskService {
  readonly #store: Store;
  readonly #tasks: TaskRepository;
  readonly #tools: ToolRegistry;
  readonly #clock: Clock;

  constructor(deps: { store: Store; tools: ToolRegistry; clock: Clock }) {
    this.#store = deps.store;
    this.#tasks = new TaskRepository(deps.store);
    this.#tools = deps.tools;
    this.#clock = deps.clock;
  }

  /** @throws ApiError `bad_request` with every field that is wrong. */
  async create(input: unknown, by: Author): Promise<Task> {
    const now = this.#clock.now();
    const { definition, schedule } = readTaskInput(input, this.#tools, now);
    assertMayUse(definition.payload, by, this.#tools);
    assertMayHear(definition.event_topic, by);
    const implicitStart = (input as { dtstart?: unknown }).dtstart == null ? definition.dtstart : null;
    const next = firstFireTime(schedule, now, implicitStart);
    if (next === null && isTimed(schedule)) {
      throw badRequest([{ field: 'schedule_expr', issue: `${definition.schedule_expr} has no fire time left` }]);
    }
    const task: TaskRow = {
      id: newId(),
      ...columnsOf(definition),
      status: 'active',
      created_by: creatorOf(definition.created_by, by),
      revision: 1,
      next_run_at: next,
      created_at: now,
      updated_at: now,
    };
    const revision = revisionOf(task.id, 1, definition, authorship(by), now);
    await this.#tasks.insert(task, revision);
    return toTask({ ...task, ...revision, created_at: now });
  }

  async get(id: string): Promise<Task> {
    return toTask(await this.#find(id));
  }

  async list(query: TaskListQuery): Promise<Page<Task>> {
    const page = await this.#tasks.list(query);
    return { ...page, items: page.items.map(toTask) };
  }

  /** Changes the given fields. A changed pipeline or retry setting begins a new revision; runs under way keep theirs. */
  async update(id: string, patch: unknown, by: Author): Promise<Task> {
    const now = this.#clock.now();
    const changed = await this.#change(id, (task) => {
      if (task.status === 'canceled')
        throw conflict(`Task ${id} is canceled, which is final; create a new one.`, { status: task.status });
      const { definition, schedule } = readTaskPatch(task, patch, this.#tools, now);
      const columns = columnsOf(definition);
      const rewritten = JSON.stringify(definition.payload) !== task.payload;
      if (rewritten) assertMayUse(definition.payload, by, this.#tools);
      if (definition.event_topic !== task.event_topic) assertMayHear(definition.event_topic, by);
      // Whoever leaves the pipeline as it is does not become its author.
      const author = rewritten ? authorship(by) : { author: task.author, scopes: task.scopes };
      const revision = revisionOf(id, task.revision + 1, definition, author, now);
      const revised = revisionFields.some((field) => revision[field] !== task[field]);
      const rescheduled = scheduleFields.some((field) => columns[field] !== task[field]);
      const next = rescheduled ? firstFireTime(schedule, now) : task.next_run_at;
      const revived = task.status === 'completed' && rescheduled && (next !== null || !isTimed(schedule));
      const ended = task.status === 'active' && next === null && isTimed(schedule);
      const status = revived ? 'active' : ended ? 'completed' : task.status;
      const next_run_at = status === 'active' ? next : null;
      const fields = {
        ...columns,
        status,
        next_run_at,
        updated_at: now,
        ...(revised && { revision: revision.revision }),
      };
      return { fields, ...(revised && { revision }) };
    });
    return toTask(changed);
  }

  /** Puts off the next fire time; those after it stay where they are. */
  async snooze(id: string, input: unknown): Promise<OperationResult> {
    const issues = checkSnooze(input);
    if (issues.length > 0) throw badRequest(issues);
    const { delay_seconds, reason } = input as SnoozeInput;
    const now = this.#clock.now();
    const task = await this.#change(id, (current) => {
      if (current.status !== 'active' || current.next_run_at === null) {
        throw conflict(`Task ${id} is ${current.status} and has no next run to put off.`, { status: current.status });
      }
      return { fields: { next_run_at: Math.max(now, current.next_run_at) + delay_seconds * 1000, updated_at: now } };
    });
    const details = {
      task_id: id,
      delay_seconds,
      next_run_at: toIso(task.next_run_at!),
      ...(reason !== undefined && { reason }),
    };
    return { success: true, message: `The next run is put off by ${delay_seconds} s.`, details };
  }

  pause(id: string): Promise<OperationResult> {
    return this.#turn(id, 'pause', (task) => {
      if (task.status === 'paused') return null;
      if (task.status !== 'active')
        throw conflict(`Task ${id} is ${task.status}; only an active task can be paused.`, { status: task.status });
      return { fields: { status: 'paused', next_run_at: null } };
    });
  }

  /** Goes on from now: fire times that passed during the pause are not made up for, but a `once` that was missed is due. */
  resume(id: string): Promise<OperationResult> {
    return this.#turn(id, 'resume', (task) => {
      if (task.status === 'active') return null;
      if (task.status !== 'paused')
        throw conflict(`Task ${id} is ${task.status}; only a paused task can be resumed.`, { status: task.status });
      const schedule = parseSchedule({
        kind: task.schedule_kind,
        expr: task.schedule_expr,
        eventTopic: task.event_topic,
        timezone: task.timezone,
        dtstart: task.dtstart,
      });
      const next_run_at = firstFireTime(schedule, this.#clock.now());
      return { fields: { status: next_run_at === null && isTimed(schedule) ? 'completed' : 'active', next_run_at } };
    });
  }

  /** Cancels for good, together with the runs that have not begun. */
  async cancel(id: string): Promise<OperationResult> {
    const canceled = await this.#turn(id, 'cancel', (task) =>
      task.status === 'canceled' ? null : { fields: { status: 'canceled', next_run_at: null } },
    );
    const waiting = await this.#store.db
      .selectFrom('runs')
      .select('id')
      .where('task_id', '=', id)
      .where('status', '<>', 'running')
      .execute();
    // Side by side they share commits.
    for (let begin = 0; begin < waiting.length; begin += CANCEL_BATCH) {
      const batch = waiting.slice(begin, begin + CANCEL_BATCH);
      await Promise.all(batch.map((run) => this.#store.queue.cancel(run.id, this.#clock.now())));
    }
    return { ...canceled, details: { ...canceled.details, canceled_runs: waiting.length } };
  }

  /** Queues a run now, whatever the schedule says. */
  async runNow(id: string, input: unknown): Promise<OperationResult> {
    const issues = input === undefined ? [] : checkRunNow(input);
    if (issues.length > 0) throw badRequest(issues);
    const task = await this.#find(id);
    if (task.status === 'canceled')
      throw conflict(`Task ${id} is canceled; it does not run any more.`, { status: task.status });
    const params = (input as RunNowInput | undefined)?.params ?? null;
    const run = await requestRun(this.#store.queue, task, { trigger: 'manual', params, now: this.#clock.now() });
    const message = run.deduplicated ? 'A run in the dedupe window stands for this one.' : 'The run is queued.';
    return { success: true, message, details: { task_id: id, run_id: run.id, deduplicated: run.deduplicated } };
  }

  /**
   * Queues a run for a caller that may ask again: the same key gives the same run for a day. A task with a dedupe window of its own
   * goes by that.
   */
  async runOnce(
    id: string,
    params: Record<string, unknown> | null,
    key: string,
  ): Promise<{ run_id: string; deduplicated: boolean }> {
    const task = isUuid(id) ? await this.#find(id) : undefined;
    if (task === undefined) throw notFound('task', id);
    if (task.status === 'canceled')
      throw conflict(`Task ${id} is canceled; it does not run any more.`, { status: task.status });
    const run = orderedRun(task, { trigger: 'api', params, now: this.#clock.now() });
    const chain = await chainOfCaller(this.#store, key);
    const dedupe = run.dedupe ?? { key: `call ${id} ${key}`, windowMs: 86_400_000 };
    const [enqueued] = await this.#store.queue.enqueue([{ ...run, dedupe, chain }]);
    return { run_id: enqueued!.id, deduplicated: enqueued!.deduplicated };
  }

  async #turn(id: string, verb: string, change: (task: TaskRecord) => TaskChange | null): Promise<OperationResult> {
    let old_status = '';
    const task = await this.#change(id, (current) => {
      old_status = current.status;
      const turned = change(current);
      return turned === null ? null : { ...turned, fields: { ...turned.fields, updated_at: this.#clock.now() } };
    });
    const already = old_status === task.status ? 'already ' : '';
    const message = `The task is ${already}${task.status}.`;
    const details = { task_id: id, old_status, new_status: task.status, next_run_at: toIsoOrNull(task.next_run_at) };
    return { success: true, message, details: { action: verb, ...details } };
  }

  async #change(id: string, change: (task: TaskRecord) => TaskChange | null): Promise<TaskRecord> {
    const task = await this.#tasks.change(id, change);
    if (task === undefined) throw notFound('task', id);
    return task;
  }

  async #find(id: string): Promise<TaskRecord> {
    const task = await this.#tasks.find(id);
    if (task === undefined) throw notFound('task', id);
    return task;
  }
}

const scheduleFields = ['schedule_kind', 'schedule_expr', 'event_topic', 'timezone', 'dtstart'] as const;
const revisionFields = ['payload', 'max_retries', 'backoff_strategy'] as const;

const columnsOf = (definition: TaskDefinition) => ({
  title: definition.title,
  description: definition.description,
  schedule_kind: definition.schedule_kind,
  schedule_expr: definition.schedule_expr,
  event_topic: definition.event_topic,
  timezone: definition.timezone,
  dtstart: definition.dtstart,
  priority: definition.priority,
  dedupe_key: definition.dedupe_key,
  dedupe_window_seconds: definition.dedupe_window_seconds,
  concurrency_key: definition.concurrency_key,
  misfire_policy: definition.misfire_policy,
  misfire_grace_seconds: definition.misfire_grace_seconds,
});

const revisionOf = (
  task_id: string,
  revision: number,
  definition: TaskDefinition,
  authorship: Pick<RevisionRow, 'author' | 'scopes'>,
  now: number,
): RevisionRow => ({
  task_id,
  revision,
  payload: JSON.stringify(definition.payload),
  max_retries: definition.max_retries,
  backoff_strategy: definition.backoff_strategy,
  ...authorship,
  created_at: now,
});
