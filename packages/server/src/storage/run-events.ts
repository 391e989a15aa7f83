import type { FinalRunStatus, Topic } from '@ordinaut/contract';
import { newId } from '../kernel/ids.ts';
import { CORE_STREAM, type NewBlock } from './event-log.ts';
import type { EventBlockRow } from './tables.ts';

/**
 * A block of core events that is only noted: its runs are found and its place is given when it is put into the log.
 *
 * @param chain runs started by events that led to these events; default 0. Events of runs say it themselves.
 */
export const notedBlock = (topic: string, events: readonly string[], now: number, chain = 0): NewBlock => ({
  id: newId(),
  stream: CORE_STREAM,
  topic,
  source: 'core',
  chain,
  n: events.length,
  events: `[${events.join(',')}]`,
  publishedAt: now,
});

/** What an event of a run carries. Written by hand because it is written by the ten thousand a second; ids need no escape. */
export const runEvent = (runId: string, taskId: string, chain: number, more = ''): string =>
  chain === 0
    ? `{"run_id":"${runId}","task_id":"${taskId}"${more}}`
    : `{"run_id":"${runId}","task_id":"${taskId}"${more},"chain":${chain}}`;

/** What an event of a task carries. */
export const taskEvent = (taskId: string): string => `{"task_id":"${taskId}"}`;

export const topicOfEnd = {
  succeeded: 'run.succeeded',
  failed: 'run.failed',
  canceled: 'run.canceled',
} as const satisfies Record<FinalRunStatus, string>;

/** Every topic that is noted in the transaction of the change. */
export const notedTopics = [
  'run.started',
  'run.waiting',
  'run.retrying',
  'run.succeeded',
  'run.failed',
  'run.canceled',
  'approval.requested',
  'approval.approved',
  'approval.rejected',
  'approval.expired',
  'approval.canceled',
  'task.created',
  'task.updated',
  'task.paused',
  'task.resumed',
  'task.canceled',
  'task.completed',
  'alert.created',
  'alert.deduplicated',
  'alert.updated',
] as const satisfies readonly Topic[];

/** What topics begin with of which there is one for each id: `handler.<id>`. The store notes them, too. */
export const notedFamilies = ['handler'] as const;

/** A noted block as a row. */
export const notedRow = (topic: string, events: readonly string[], now: number, chain = 0): EventBlockRow => {
  const { publishedAt, ...block } = notedBlock(topic, events, now, chain);
  return { ...block, published_at: publishedAt, position: null, ms: null, seq: null, settled: 0, held_until: 0 };
};
