import type { Payload, Step } from '@ordinaut/contract';
import { messageOf, RunFailure } from '../kernel/errors.ts';
import { type ContextExpression, compileCondition } from './context-expression.ts';
import { compileTemplate, type Render } from './templates.ts';

/** A step with its expressions compiled and its defaults filled in. */
export interface CompiledStep {
  readonly id: string;
  readonly uses: string;
  /** Names of the output in `steps`: the id, and `save_as` where there is one. */
  readonly names: readonly string[];
  readonly condition: ContextExpression | null;
  readonly forEach: ContextExpression | null;
  readonly maxParallel: number;
  /** Gives the input of the tool. */
  readonly render: Render;
  readonly timeoutMs: number;
  readonly maxRetries: number;
  /** Whether the run goes on when the step has failed. */
  readonly tolerant: boolean;
}

export interface CompiledPipeline {
  readonly steps: readonly CompiledStep[];
}

/**
 * Compiles a pipeline that `checkPipeline` has found nothing wrong with. Values in `with` without an expression are frozen.
 *
 * @throws RunFailure `template_error` or `condition_error` for the first expression that cannot be compiled.
 */
export const compilePipeline = (payload: Payload): CompiledPipeline => ({ steps: payload.pipeline.map(compileStep) });

const compileStep = (step: Step): CompiledStep => ({
  id: step.id,
  uses: step.uses,
  names: step.save_as === undefined || step.save_as === step.id ? [step.id] : [step.id, step.save_as],
  condition: compilePart(step, 'condition_error', step.if, compileCondition),
  forEach: compilePart(step, 'condition_error', step.for_each, compileCondition),
  maxParallel: step.max_parallel ?? 4,
  render:
    compilePart(step, 'template_error', step.with ?? {}, (value) => compileTemplate(value, step.id)) ?? (() => ({})),
  timeoutMs: (step.timeout_seconds ?? 30) * 1000,
  maxRetries: step.max_retries ?? 0,
  tolerant: step.on_error === 'continue',
});

function compilePart<Source, Compiled>(
  { id }: Step,
  code: RunFailure['code'],
  source: Source | undefined,
  compile: (source: Source) => Compiled,
): Compiled | null {
  if (source === undefined) return null;
  try {
    return compile(source);
  } catch (error) {
    throw new RunFailure(code, `Step ${id}: ${messageOf(error)}`, { stepId: id, cause: error });
  }
}
