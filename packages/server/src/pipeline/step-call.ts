import type { Clock } from '../kernel/clock.ts';
import { RunFailure } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import { Suspension } from '../tools/suspension.ts';
import type { CompiledStep } from './compile.ts';
import type { RunContext } from './context.ts';
import { toJsonValue } from './json-value.ts';

export interface StepDeps {
  readonly tools: ToolRegistry;
  readonly clock: Clock;
  /** A number from 0 to below 1, for the jitter of retries. */
  random(): number;
  readonly logger: Logger;
  /** Who has written the pipeline; null: nobody who is known. */
  readonly principal: string | null;
  /** What the author of the pipeline might do, and its steps may do; null: everything. */
  readonly scopes: readonly string[] | null;
  /** Largest output of a step as JSON, bytes of UTF-8. */
  readonly maxOutputBytes: number;
}

/** How the calls of a step (or of one item of it) ended. Exactly one of `output`, `failure` and `suspension` counts. */
export interface StepEnd {
  readonly attempts: number;
  /** The rendered input; `null` when it could not be rendered. */
  readonly input: unknown;
  readonly output: unknown;
  readonly failure: RunFailure | null;
  readonly suspension: Suspension | null;
}

const maxDelayMs = 60_000;

/**
 * Renders the input of a step and calls its tool, again while the failure may pass and the step has retries left.
 *
 * Before the n-th retry it waits min(2^(n-1) s, 60 s), half of it by chance. It ends early with a failure when the signal is
 * aborted; the caller knows why.
 */
export async function callStep(
  step: CompiledStep,
  context: RunContext,
  idempotencyKey: string,
  signal: AbortSignal,
  deps: StepDeps,
): Promise<StepEnd> {
  let input: unknown = null;
  for (let attempts = 1; ; attempts++) {
    try {
      input ??= step.render(context);
      const answer = await deps.tools.invoke(step.uses, input as Record<string, unknown>, {
        signal,
        timeoutMs: step.timeoutMs,
        idempotencyKey,
        logger: deps.logger,
        principal: deps.principal,
        scopes: deps.scopes,
      });
      if (!(answer instanceof Suspension)) {
        const output = toJsonValue(answer, deps.maxOutputBytes);
        return { attempts, input, output, failure: null, suspension: null };
      }
      const later = toJsonValue(answer.outputWhenAwake, deps.maxOutputBytes);
      const suspension = new Suspension(answer.wakeAt, later, answer.question);
      return { attempts, input, output: null, failure: null, suspension };
    } catch (error) {
      if (!(error instanceof RunFailure)) throw error;
      const end = { attempts, input, output: null, failure: error, suspension: null };
      if (!error.retryable || attempts > step.maxRetries || signal.aborted) return end;
      const delay = Math.min(1000 * 2 ** (attempts - 1), maxDelayMs) * (0.5 + 0.5 * deps.random());
      try {
        await deps.clock.sleep(delay, signal);
      } catch (interruption) {
        if (signal.aborted) return end;
        throw interruption;
      }
    }
  }
}
