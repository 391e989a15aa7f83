import type { RunError, StepRecord } from '@ordinaut/contract';
import { toIso } from '../kernel/clock.ts';
import type { CompiledStep } from './compile.ts';

/** The parts of a record that change with the fate of a step; instants are epoch milliseconds. */
export interface StepFate {
  readonly status: StepRecord['status'];
  readonly attempt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly input?: unknown;
  readonly output?: unknown;
  readonly error?: RunError;
}

export const toRecord = (step: CompiledStep, fate: StepFate): StepRecord => ({
  id: step.id,
  uses: step.uses,
  status: fate.status,
  attempt: fate.attempt,
  started_at: fate.startedAt === null ? null : toIso(fate.startedAt),
  finished_at: fate.finishedAt === null ? null : toIso(fate.finishedAt),
  input: fate.input ?? null,
  output: fate.output ?? null,
  error: fate.error ?? null,
});

/** Whether a record is a checkpoint: the step is behind and is not run again. */
export const isCheckpoint = (record: StepRecord, step: CompiledStep): boolean =>
  record.status === 'succeeded' || record.status === 'skipped' || (record.status === 'failed' && step.tolerant);
