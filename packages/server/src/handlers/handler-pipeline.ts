import type { FieldIssue, Step } from '@ordinaut/contract';
import { checkPipeline, durableTools } from '../pipeline/check.ts';
import type { ToolRegistry } from '../tools/registry.ts';

/** How long a request to a handler may take, in milliseconds. */
export const DEADLINE_MS = 30_000;

/** Everything that is wrong with the pipeline of a handler; fields are paths such as `pipeline[2].uses`. */
export function checkHandlerPipeline(
  pipeline: readonly Step[],
  tools: ToolRegistry,
  options: { readonly allowUnknownTools: boolean },
): FieldIssue[] {
  const issues = checkPipeline(
    { pipeline: [...pipeline] },
    {
      hasTool: (name) => tools.has(name),
      nearestTools: (name) => tools.nearest(name),
      inputOf: (name) => tools.lastingInput(name),
      allowUnknownTools: options.allowUnknownTools,
      field: 'pipeline',
      roots: ['event'],
    },
  );
  return [...issues, ...pipeline.flatMap((step, index) => waitIssue(step, `pipeline[${index}]`) ?? [])];
}

/** What is wrong with a step that would park a run: a handler has no run, it answers. */
function waitIssue(step: Step, field: string): FieldIssue | null {
  if (!durableTools.has(step.uses)) return null;
  if (step.uses !== 'core.sleep') {
    const issue = `is ${step.uses}, which waits for somebody; a handler answers within ${DEADLINE_MS / 1000} s. Let a task do it`;
    return { field: `${field}.uses`, issue };
  }
  const seconds = step.with?.seconds;
  if (typeof seconds !== 'number' || seconds * 1000 < DEADLINE_MS) return null;
  const issue = `is ${seconds}; a handler answers within ${DEADLINE_MS / 1000} s. Wait less, or let a task do it`;
  return { field: `${field}.with.seconds`, issue };
}
