import type { Payload, Task } from '@ordinaut/contract';
import { toIso, toIsoOrNull } from '../kernel/clock.ts';
import type { RevisionRow, TaskRow } from '../storage/tables.ts';

/** A task with what its present revision says. */
export type TaskRecord = TaskRow &
  Pick<RevisionRow, 'payload' | 'max_retries' | 'backoff_strategy' | 'scopes' | 'author'>;

/** A task as the API shows it. */
export function toTask(record: TaskRecord): Task {
  return {
    id: record.id,
    title: record.title,
    description: record.description,
    status: record.status,
    schedule_kind: record.schedule_kind,
    schedule_expr: record.schedule_expr,
    event_topic: record.event_topic,
    timezone: record.timezone,
    dtstart: toIsoOrNull(record.dtstart),
    payload: JSON.parse(record.payload) as Payload,
    priority: record.priority,
    max_retries: record.max_retries,
    backoff_strategy: record.backoff_strategy,
    dedupe_key: record.dedupe_key,
    dedupe_window_seconds: record.dedupe_window_seconds,
    concurrency_key: record.concurrency_key,
    misfire_policy: record.misfire_policy,
    misfire_grace_seconds: record.misfire_grace_seconds,
    created_by: record.created_by,
    revision: record.revision,
    next_run_at: toIsoOrNull(record.next_run_at),
    created_at: toIso(record.created_at),
    updated_at: toIso(record.updated_at),
  };
}
