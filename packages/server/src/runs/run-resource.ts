import type { Run, RunError, RunSummary, StepRecord } from '@ordinaut/contract';
import { toIso, toIsoOrNull } from '../kernel/clock.ts';
import { redact } from '../kernel/redact.ts';
import type { AnyRunRow } from '../storage/tables.ts';

/** A row of either table, with the end of its lease where it has one. */
export type RunRecord = AnyRunRow & { readonly leased_until: number | null };

/** A run as lists show it. Without `includeErrors` only the code of an error is told. */
export function toSummary(row: RunRecord, includeErrors = true): RunSummary {
  const error = row.error === null ? null : (JSON.parse(row.error) as RunError);
  return {
    id: row.id,
    task_id: row.task_id,
    revision: row.revision,
    status: row.status,
    success: row.finished_at === null ? null : row.status === 'succeeded',
    trigger: row.trigger,
    nominal_time: toIsoOrNull(row.nominal_at),
    priority: row.priority,
    attempt: row.attempt,
    params: row.params === null ? null : (redact(JSON.parse(row.params)) as Record<string, unknown>),
    concurrency_key: row.concurrency_key,
    retry_of: row.retry_of,
    lease_owner: row.lease_owner,
    leased_until: toIsoOrNull(row.leased_until),
    wake_at: toIsoOrNull(row.wake_at),
    created_at: toIso(row.created_at),
    started_at: toIsoOrNull(row.started_at),
    finished_at: toIsoOrNull(row.finished_at),
    error: error === null || includeErrors ? error : { ...error, message: 'Hidden; ask with include_errors=true.' },
    output: row.output === null ? null : JSON.parse(row.output),
  };
}

/** A run with its steps; `present` is the step that is under way, which no checkpoint tells of. */
export function toRun(row: RunRecord, steps: readonly StepRecord[], present: StepRecord | null): Run {
  return { ...toSummary(row), steps: present === null ? [...steps] : [...steps, present] };
}
