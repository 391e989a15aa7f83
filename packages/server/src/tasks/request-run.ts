import type { RunTrigger } from '@ordinaut/contract';
import { newId } from '../kernel/ids.ts';
import type { Enqueued, NewRun, RunQueue } from '../storage/run-queue.ts';
import type { TaskRow } from '../storage/tables.ts';

type TaskOfRun = Pick<
  TaskRow,
  'id' | 'revision' | 'priority' | 'concurrency_key' | 'dedupe_key' | 'dedupe_window_seconds'
>;

export interface RunOrder {
  readonly trigger: RunTrigger;
  /** Laid over the params of the task. */
  readonly params: Record<string, unknown> | null;
  readonly now: number;
}

/** The run of a task that somebody, or something, asks for. */
export const orderedRun = (task: TaskOfRun, order: RunOrder): NewRun => ({
  id: newId(),
  taskId: task.id,
  revision: task.revision,
  trigger: order.trigger,
  nominalAt: null,
  priority: task.priority,
  params: order.params === null ? null : JSON.stringify(order.params),
  concurrencyKey: task.concurrency_key,
  dedupe: dedupeOf(task.dedupe_key, task.dedupe_window_seconds),
  retryOf: null,
  checkpoints: [],
  createdAt: order.now,
});

export async function requestRun(queue: RunQueue, task: TaskOfRun, order: RunOrder): Promise<Enqueued> {
  const [enqueued] = await queue.enqueue([orderedRun(task, order)]);
  return enqueued!;
}

/** The dedupe window a run opens or falls into; null where the task has none. */
export const dedupeOf = (key: string | null, windowSeconds: number): NewRun['dedupe'] =>
  key === null || windowSeconds === 0 ? null : { key, windowMs: windowSeconds * 1000 };
