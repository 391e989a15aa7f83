import { messageOf, RunFailure } from '../kernel/errors.ts';
import type { CompiledStep } from './compile.ts';
import type { RunContext } from './context.ts';
import type { ContextExpression } from './context-expression.ts';
import { jsonBytes } from './json-value.ts';
import { callStep, type StepDeps, type StepEnd } from './step-call.ts';

/** Items a `for_each` may have. */
const maxItems = 10_000;

/**
 * Runs a step once per item of its list, at most `max_parallel` at a time; the outputs are in the order of the items.
 *
 * The first failure aborts the items under way and begins no other. With `on_error: continue` every item is run: one that
 * failed has the output `null`, and the first failure is the failure of the step. The attempts are those of the item that
 * took the most.
 */
export async function callForEach(
  step: CompiledStep,
  list: ContextExpression,
  context: RunContext,
  idempotencyKey: string,
  signal: AbortSignal,
  deps: StepDeps,
): Promise<StepEnd> {
  const items = evaluateList(step, list, context);
  if (items instanceof RunFailure) return { attempts: 0, input: null, output: null, failure: items, suspension: null };

  const inputs: unknown[] = items.map(() => null);
  const outputs: unknown[] = items.map(() => null);
  let attempts = 0;
  let bytes = 0;
  let next = 0;
  let ended = 0;
  let failure: RunFailure | null = null;
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);

  const fail = (index: number, reason: RunFailure): void => {
    // What an abort makes of the items under way is no failure of their own.
    if (controller.signal.aborted) return;
    ended++;
    failure ??= new RunFailure(reason.code, `item[${index}]: ${reason.message}`, { stepId: step.id, cause: reason });
    if (!step.tolerant || reason.code === 'output_too_large') controller.abort(reason);
  };
  const work = async (): Promise<void> => {
    for (let index = next++; index < items.length && !controller.signal.aborted; index = next++) {
      const own = { ...context, item: items[index], index };
      const end = await callStep(step, own, `${idempotencyKey}:${index}`, controller.signal, deps);
      attempts = Math.max(attempts, end.attempts);
      inputs[index] = end.input;
      const reason = end.failure ?? (end.suspension && new RunFailure('input_invalid', cannotWait(step)));
      if (reason) {
        fail(index, reason);
        continue;
      }
      outputs[index] = end.output;
      ended++;
      bytes += jsonBytes(end.output) + 1;
      if (bytes > deps.maxOutputBytes) {
        const sentence = `The outputs of the items have more than ${deps.maxOutputBytes} bytes as JSON together.`;
        fail(index, new RunFailure('output_too_large', sentence));
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(step.maxParallel, items.length) }, work));
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
  if (failure === null && ended < items.length) {
    failure = new RunFailure('canceled', `Step ${step.id} was canceled.`, { stepId: step.id, cause: signal.reason });
  }
  return { attempts, input: inputs, output: outputs, failure, suspension: null };
}

function evaluateList(step: CompiledStep, list: ContextExpression, context: RunContext): unknown[] | RunFailure {
  const failure = (sentence: string, cause?: unknown): RunFailure =>
    new RunFailure('condition_error', `Step ${step.id}: for_each: ${sentence}`, { stepId: step.id, cause });
  let items: unknown;
  try {
    items = list.evaluate(context);
  } catch (error) {
    return failure(messageOf(error), error);
  }
  if (!Array.isArray(items)) {
    const kind = items === null ? 'null' : `a value of type ${typeof items}`;
    return failure(`\`${list.text}\` gives ${kind}; it has to give a list.`);
  }
  if (items.length > maxItems)
    return failure(`\`${list.text}\` gives ${items.length} items; at most ${maxItems} are run.`);
  return items;
}

const cannotWait = (step: CompiledStep): string =>
  `${step.uses} wants to wait, which a step with for_each cannot do: a run cannot be parked in the middle of a list.`;
