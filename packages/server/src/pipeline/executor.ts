import {
  type ApprovalQuestion,
  type RunError,
  type RunErrorCode,
  type RunTrigger,
  runErrors,
  type StepRecord,
} from '@ordinaut/contract';
import { isTruthy } from '../expressions/jmespath.ts';
import { toIso, toIsoOrNull } from '../kernel/clock.ts';
import { messageOf, RunFailure } from '../kernel/errors.ts';
import { redact } from '../kernel/redact.ts';
import type { CompiledPipeline, CompiledStep } from './compile.ts';
import { emptyNames, type RunContext } from './context.ts';
import { callForEach } from './for-each.ts';
import { toJsonValue } from './json-value.ts';
import { callStep, type StepDeps, type StepEnd } from './step-call.ts';
import { isCheckpoint, toRecord } from './step-record.ts';

export interface ExecutionInput {
  readonly runId: string;
  /** Null where it is no run of a task. */
  readonly taskId: string | null;
  /** From 1. */
  readonly attempt: number;
  readonly trigger: RunTrigger;
  /** Epoch milliseconds. */
  readonly nominalTime: number | null;
  /** When the run began, epoch milliseconds: `now` of the context, the same after a resume. */
  readonly startedAt: number;
  readonly params: Record<string, unknown>;
  /** What expressions find as `event`; absent: they find none. */
  readonly event?: unknown;
  readonly pipeline: CompiledPipeline;
  /** What an earlier attempt left; steps that are behind are not run again. */
  readonly checkpoints: readonly StepRecord[];
  /** Aborted on cancel, drain and a lost lease. */
  readonly signal: AbortSignal;
}

export interface ExecutionDeps extends StepDeps {
  /** Stores a finished step; the next one begins when it has resolved. A rejection ends the execution as it is. */
  checkpoint(record: StepRecord): void | Promise<void>;
  /** The answer to what a step has asked; null while there is none. */
  answerTo(approvalId: string): Promise<StepAnswer | null>;
  /** Hears of each step that begins or ends, for a live view. */
  onStep?(record: StepRecord): void;
}

/** What an answer makes of the step that waits for it. */
export type StepAnswer = { readonly output: unknown } | { readonly failure: RunFailure };

/** How an execution ended; `steps` has every record there is, in the order of the pipeline. */
export type ExecutionOutcome =
  /** `output` is that of the last step that was not skipped. */
  | { kind: 'succeeded'; output: unknown; steps: StepRecord[] }
  /** The last record is the failed one. */
  | { kind: 'failed'; error: RunError; retryable: boolean; steps: StepRecord[] }
  /** The last record is `waiting`. `wakeAt` is epoch milliseconds; `asks` is what the step asks, where it has just begun to. */
  | { kind: 'parked'; wakeAt: number; asks: ApprovalQuestion | null; steps: StepRecord[] }
  /** The signal was aborted; only finished steps are there. */
  | { kind: 'aborted'; steps: StepRecord[] };

/**
 * Runs the steps of a pipeline one after another.
 *
 *     checkpoint there? ── finished ──▶ taken over      ── waiting ──▶ time come ? succeeded : parked
 *            │ no
 *            ▼
 *     if false ──▶ skipped
 *            │
 *            ▼
 *     for_each / render `with` ──▶ tool ──▶ succeeded | failed (tolerated with on_error: continue) | waiting (parked)
 *            │                        ▲ │
 *            └────────────────────────┴─┘ retries of the step
 *
 * A finished step is stored by `checkpoint` before the next begins, so it is not run again after a crash. The last step is
 * not: it comes with the outcome, which saves a write per run. Skipped steps are not stored either: after a resume their
 * condition gives the same answer, since `now`, params and outputs are the same.
 *
 * A step that waits for an answer is parked until there is one: an expiry is one, too. The answer is asked for when the run goes on, so
 * that it is kept in one place.
 *
 * @throws what `checkpoint` throws; every failure of a step is an outcome.
 */
export async function executePipeline(input: ExecutionInput, deps: ExecutionDeps): Promise<ExecutionOutcome> {
  const { signal, checkpoints } = input;
  const context = newContext(input);
  const steps: StepRecord[] = [];
  let output: unknown = null;
  let left = input.pipeline.steps.length;
  for (const step of input.pipeline.steps) {
    left--;
    const stored = checkpoints.find((record) => record.id === step.id) ?? null;
    let record = stored;
    let asks: ApprovalQuestion | null = null;
    if (stored === null || !isCheckpoint(stored, step)) {
      if (signal.aborted) return { kind: 'aborted', steps };
      if (stored?.status === 'waiting') record = await goOn(stored, deps);
      else ({ record, asks } = (await runStep(step, context, input, deps)) ?? { record: null, asks });
      if (record !== null) deps.onStep?.(record);
    }
    if (record === null) return { kind: 'aborted', steps };
    steps.push(record);
    if (record.status === 'waiting') return { kind: 'parked', wakeAt: wakeTime(record), asks, steps };
    if (record.status === 'failed' && !step.tolerant) {
      const error = record.error ?? { code: 'tool_failed', message: 'The step failed.', step_id: step.id };
      return { kind: 'failed', error, retryable: isRetryable(error), steps };
    }
    if (record.status !== 'skipped') output = record.output;
    if (record !== stored && record.status !== 'skipped' && left > 0) await deps.checkpoint(record);
    remember(context, step, record);
  }
  return { kind: 'succeeded', output, steps };
}

function newContext(input: ExecutionInput): RunContext {
  const { runId, taskId, attempt, trigger, nominalTime, startedAt, params } = input;
  const run = { id: runId, task_id: taskId, attempt, trigger, nominal_time: toIsoOrNull(nominalTime) };
  const context: RunContext = { now: toIso(startedAt), params, steps: emptyNames(), errors: emptyNames(), run };
  return input.event === undefined ? context : { ...context, event: input.event };
}

function remember(context: RunContext, step: CompiledStep, { status, output, error }: StepRecord): void {
  for (const name of step.names) {
    context.steps[name] = status === 'skipped' ? null : output;
    if (error !== null) context.errors[name] = { code: error.code, message: error.message };
  }
}

interface StepRun {
  readonly record: StepRecord;
  /** What it asks, where it waits for an answer. */
  readonly asks: ApprovalQuestion | null;
}

/** Runs a step to its record; `null` when the signal was aborted before it was finished. */
async function runStep(
  step: CompiledStep,
  context: RunContext,
  { runId, signal }: ExecutionInput,
  deps: ExecutionDeps,
): Promise<StepRun | null> {
  const startedAt = deps.clock.now();
  if (step.condition !== null) {
    try {
      if (!isTruthy(step.condition.evaluate(context))) {
        const fate = { status: 'skipped', attempt: 0, startedAt: null, finishedAt: startedAt } as const;
        return { record: toRecord(step, fate), asks: null };
      }
    } catch (error) {
      const failure = new RunFailure('condition_error', `Step ${step.id}: if: ${messageOf(error)}`, { cause: error });
      const fate = { status: 'failed', attempt: 0, startedAt, finishedAt: startedAt } as const;
      return { record: toRecord(step, { ...fate, error: failure.toRunError(step.id) }), asks: null };
    }
  }
  deps.onStep?.(toRecord(step, { status: 'running', attempt: 1, startedAt, finishedAt: null }));
  const key = `${runId}:${step.id}`;
  const end = await (step.forEach === null
    ? callStep(step, context, key, signal, deps)
    : callForEach(step, step.forEach, context, key, signal, deps));
  if (end.failure !== null && signal.aborted) return null;
  const record = endRecord(step, end, startedAt, deps);
  return { record, asks: record.status === 'waiting' ? (end.suspension?.question ?? null) : null };
}

function endRecord(step: CompiledStep, end: StepEnd, startedAt: number, deps: ExecutionDeps): StepRecord {
  const { attempts: attempt, output, failure, suspension } = end;
  const now = deps.clock.now();
  const input = redact(recordedInput(end.input, deps.maxOutputBytes));
  if (failure !== null) {
    const error = failure.toRunError(step.id);
    // The outputs of the other items, where a list was gone through in spite of failures.
    const kept = step.tolerant && failure.code !== 'output_too_large' ? output : null;
    return toRecord(step, { status: 'failed', attempt, startedAt, finishedAt: now, input, output: kept, error });
  }
  const isDue = suspension?.question === null && suspension.wakeAt <= now;
  if (suspension === null || isDue) {
    const result = suspension === null ? output : suspension.outputWhenAwake;
    return toRecord(step, { status: 'succeeded', attempt, startedAt, finishedAt: now, input, output: result });
  }
  const fate = { status: 'waiting', attempt, startedAt, finishedAt: null, input } as const;
  const { wakeAt, question, outputWhenAwake } = suspension;
  return {
    ...toRecord(step, { ...fate, output: outputWhenAwake }),
    wake_at: toIso(wakeAt),
    ...(question !== null && { approval_id: question.id }),
  };
}

/** The input as it is recorded; one that is too large for a record leaves a note in its place. */
function recordedInput(input: unknown, maxBytes: number): unknown {
  try {
    return toJsonValue(input, maxBytes);
  } catch {
    return { omitted: `The input is larger than ${maxBytes} bytes.` };
  }
}

/** What has become of a waiting step; the same record where it still waits. */
async function goOn(record: StepRecord, { clock, answerTo }: ExecutionDeps): Promise<StepRecord> {
  if (record.approval_id === undefined) return wake(record, clock.now());
  const answer = await answerTo(record.approval_id);
  if (answer === null) return record;
  const { wake_at: _, ...answered } = record;
  const finished = { ...answered, finished_at: toIso(clock.now()) };
  if ('output' in answer) return { ...finished, status: 'succeeded', output: answer.output };
  return { ...finished, status: 'failed', error: answer.failure.toRunError(record.id) };
}

/** A waiting record at a later time: finished with the output it holds once its time has come. */
function wake(record: StepRecord, now: number): StepRecord {
  if (wakeTime(record) > now) return record;
  const { wake_at: _, ...awake } = record;
  return { ...awake, status: 'succeeded', finished_at: toIso(now) };
}

/** One that has none is awake. */
const wakeTime = ({ wake_at }: StepRecord): number => (wake_at === undefined ? 0 : Date.parse(wake_at));

const isRetryable = ({ code }: RunError): boolean =>
  Object.hasOwn(runErrors, code) && runErrors[code as RunErrorCode].retryable;
