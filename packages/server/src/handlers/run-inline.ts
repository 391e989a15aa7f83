import { type RunErrorCode, runErrors, type StepRecord } from '@ordinaut/contract';
import type { Clock } from '../kernel/clock.ts';
import { ApiError, unavailable } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import type { Logger } from '../kernel/logger.ts';
import type { CompiledPipeline } from '../pipeline/compile.ts';
import { type ExecutionOutcome, executePipeline } from '../pipeline/executor.ts';
import type { ToolRegistry } from '../tools/registry.ts';

const MAX_OUTPUT_BYTES = 1_048_576;

export interface InlineRun {
  readonly pipeline: CompiledPipeline;
  readonly params: Record<string, unknown>;
  /** What expressions find as `event`. */
  readonly event: Readonly<Record<string, unknown>>;
  /** In whose name the steps act; null: nobody's. */
  readonly principal: string | null;
  /** What the steps may do; null: everything. */
  readonly scopes: readonly string[] | null;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

export interface InlineDeps {
  readonly tools: ToolRegistry;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Milliseconds it may take in all. */
  readonly deadlineMs: number;
}

/**
 * Runs a pipeline while somebody waits for it: nothing of it is stored, and a failure is not tried again. A step that waits is waited
 * for as long as the deadline leaves time.
 *
 * @returns the output of the last step that was not skipped; null where all were.
 * @throws ApiError `pipeline_failed`, `timeout` at the deadline, `unavailable` where it was interrupted.
 */
export async function runInline(run: InlineRun, deps: InlineDeps): Promise<unknown> {
  const { clock, deadlineMs } = deps;
  const endsAt = clock.monotonic() + deadlineMs;
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new Error('The deadline has passed.')), deadlineMs);
  const signal = AbortSignal.any([run.signal, deadline.signal]);
  const runId = newId();
  const startedAt = clock.now();
  const interrupted = (): ApiError =>
    deadline.signal.aborted
      ? new ApiError('timeout', `The pipeline took longer than ${deadlineMs / 1000} s; nothing came of the request.`)
      : unavailable('The request was interrupted; nothing came of it.', run.signal.reason);
  try {
    for (let checkpoints: readonly StepRecord[] = []; ; ) {
      const { pipeline, params, event, principal, scopes } = run;
      const outcome: ExecutionOutcome = await executePipeline(
        {
          runId,
          taskId: null,
          attempt: 1,
          trigger: 'api',
          nominalTime: null,
          startedAt,
          params,
          event,
          pipeline,
          checkpoints,
          signal,
        },
        {
          ...deps,
          principal,
          scopes,
          maxOutputBytes: MAX_OUTPUT_BYTES,
          checkpoint: () => {},
          // A step that asks is refused below, so nothing ever waits for an answer.
          answerTo: () => Promise.resolve(null),
        },
      );
      switch (outcome.kind) {
        case 'succeeded':
          return outcome.output;
        case 'aborted':
          throw interrupted();
        case 'failed': {
          const { code, message, step_id } = outcome.error;
          throw pipelineFailed(code, step_id, message);
        }
      }
      const waiting = outcome.steps.at(-1)!;
      const now = clock.now();
      if (outcome.asks !== null || outcome.wakeAt - now >= endsAt - clock.monotonic()) {
        const until = outcome.asks === null ? `until ${waiting.wake_at}` : 'until somebody answers';
        const message = `${waiting.uses} wants to wait ${until}, but a handler answers within ${deadlineMs / 1000} s; let a task do it.`;
        throw pipelineFailed('input_invalid', waiting.id, message);
      }
      await clock.sleep(outcome.wakeAt - now, signal).catch(() => {
        throw interrupted();
      });
      checkpoints = outcome.steps;
    }
  } finally {
    clearTimeout(timer);
  }
}

/** What a client is told of a failure, with the code from the run errors of the catalogue. */
export const pipelineFailed = (code: string, stepId: string | null, message: string): ApiError =>
  new ApiError('pipeline_failed', stepId === null ? message : `Step ${stepId} failed: ${message}`, {
    details: {
      code,
      step_id: stepId,
      retryable: Object.hasOwn(runErrors, code) && runErrors[code as RunErrorCode].retryable,
    },
  });
