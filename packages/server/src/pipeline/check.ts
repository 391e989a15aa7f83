import type { FieldIssue, Payload, Step } from '@ordinaut/contract';
import { singleQuotes } from '../expressions/single-quotes.ts';
import { messageOf } from '../kernel/errors.ts';
import { contextRoots } from './context.ts';
import {
  type ContextExpression,
  compileCondition,
  compileTemplateExpression,
  noSuchName,
  noSuchRoot,
} from './context-expression.ts';
import { type InputSchema, literalIssues } from './literal-input.ts';
import { splitTemplate } from './scan.ts';

export interface PipelineCheckOptions {
  hasTool(name: string): boolean;
  nearestTools(name: string): readonly string[];
  /** What the input of a tool has to fit; null where that is not known yet, or may change. */
  inputOf(name: string): InputSchema | null;
  /** Whether a tool may be unknown: its extension may come later. */
  readonly allowUnknownTools: boolean;
  /** The field that the steps stand in. Default: `payload.pipeline`. */
  readonly field?: string;
  /** Names an expression can begin with here besides those of every pipeline. Default: none. */
  readonly roots?: readonly string[];
}

/** Tools that park the run; a `for_each` step cannot be parked in the middle of its list. */
export const durableTools = new Set(['core.sleep', 'approvals.request']);
/** Levels of lists and objects in `with`; the same bound as compiling has. */
const maxDepth = 100;

/**
 * Everything that is wrong with a pipeline, at once; an empty list means it can be compiled and run.
 *
 * The payload fits its schema already. Fields are paths such as `payload.pipeline[2].uses`.
 */
export function checkPipeline(payload: Payload, options: PipelineCheckOptions): FieldIssue[] {
  const { field: at = 'payload.pipeline' } = options;
  const issues: FieldIssue[] = [];
  /** Names in `steps`, and the place of the step that gives each. */
  const owners = new Map<string, number>();
  payload.pipeline.forEach((step, index) => {
    for (const [field, name] of [
      ['id', step.id],
      ['save_as', step.save_as],
    ] as const) {
      if (name === undefined) continue;
      const owner = owners.get(name);
      if (owner === undefined) owners.set(name, index);
      else if (owner !== index) {
        const issue = `${JSON.stringify(name)} is a name of step ${owner + 1} already; ids and save_as have to be unique`;
        issues.push({ field: `${at}[${index}].${field}`, issue });
      }
    }
  });
  payload.pipeline.forEach((step, index) => {
    checkStep(step, `${at}[${index}]`, index, owners, options, issues);
  });
  return issues;
}

function checkStep(
  step: Step,
  path: string,
  index: number,
  owners: ReadonlyMap<string, number>,
  options: PipelineCheckOptions,
  issues: FieldIssue[],
): void {
  if (!options.allowUnknownTools && !options.hasTool(step.uses)) {
    const near = options.nearestTools(step.uses);
    const hint = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
    issues.push({ field: `${path}.uses`, issue: `is ${JSON.stringify(step.uses)}; no tool has this name.${hint}` });
  }
  if (step.for_each !== undefined && durableTools.has(step.uses)) {
    const issue = `cannot be used with ${step.uses}: a run cannot wait in the middle of a list`;
    issues.push({ field: `${path}.for_each`, issue });
  }
  const roots = [...contextRoots, ...(options.roots ?? [])];
  const check = (field: string, compile: () => ContextExpression, inLoop: boolean): void => {
    try {
      for (const issue of wrongReferences(compile(), index, owners, { inLoop, roots })) issues.push({ field, issue });
    } catch (error) {
      issues.push({ field, issue: messageOf(error) });
    }
  };
  const { if: condition, for_each: list } = step;
  if (condition !== undefined) check(`${path}.if`, () => compileCondition(condition), false);
  if (list !== undefined) check(`${path}.for_each`, () => compileCondition(list), false);
  const before = issues.length;
  for (const { field, text } of stringsOf(step.with ?? {}, `${path}.with`, 0, issues)) {
    if (!text.includes('${')) continue;
    try {
      for (const part of splitTemplate(text)) {
        if ('text' in part) continue;
        check(field, () => compileTemplateExpression(part.expression), list !== undefined);
      }
    } catch (error) {
      issues.push({ field, issue: messageOf(error) });
    }
  }
  const schema = issues.length > before ? null : options.inputOf(step.uses);
  if (schema === null) return;
  for (const { field, issue } of literalIssues(step.with ?? {}, schema)) {
    issues.push({ field: field === '' ? `${path}.with` : `${path}.with.${field}`, issue });
  }
}

/** What an expression certainly looks at and will certainly not find. Params are not known before the run. */
function wrongReferences(
  { text, references }: ContextExpression,
  index: number,
  owners: ReadonlyMap<string, number>,
  { inLoop, roots }: { inLoop: boolean; roots: readonly string[] },
): string[] {
  const wrong: string[] = [];
  for (const { root, name } of references) {
    if (name === null) {
      if (!roots.includes(root)) wrong.push(`\`${text}\`: ${noSuchRoot(root, roots)}${singleQuotes(text, root)}`);
      else if (!inLoop && (root === 'item' || root === 'index')) {
        wrong.push(`\`${text}\`: \`${root}\` exists in the \`with\` of a step with for_each only`);
      }
    } else if (root === 'steps' || root === 'errors') {
      const owner = owners.get(name);
      if (owner === undefined) wrong.push(`\`${text}\`: ${noSuchName(root, name, namesBefore(index, owners))}`);
      else if (owner >= index) {
        const where = owner === index ? 'is this step itself' : `is step ${owner + 1}, which comes later`;
        wrong.push(`\`${text}\`: \`${name}\` ${where}; a step sees the steps before it`);
      }
    }
  }
  return wrong;
}

const namesBefore = (index: number, owners: ReadonlyMap<string, number>): string[] =>
  [...owners].filter(([, owner]) => owner < index).map(([name]) => name);

function* stringsOf(
  value: unknown,
  field: string,
  depth: number,
  issues: FieldIssue[],
): Generator<{ field: string; text: string }> {
  if (typeof value === 'string') yield { field, text: value };
  if (value === null || typeof value !== 'object') return;
  if (depth === maxDepth) {
    issues.push({ field, issue: `is nested deeper than ${maxDepth} levels` });
    return;
  }
  for (const [key, member] of Object.entries(value)) {
    yield* stringsOf(member, Array.isArray(value) ? `${field}[${key}]` : `${field}.${key}`, depth + 1, issues);
  }
}
