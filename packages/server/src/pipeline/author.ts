import { type FieldIssue, missingScopes, type Payload } from '@ordinaut/contract';
import { ApiError } from '../kernel/errors.ts';
import type { RevisionRow } from '../storage/tables.ts';
import { neededScopes } from '../tools/needed-scopes.ts';
import type { ToolRegistry } from '../tools/registry.ts';

/** In whose name a pipeline is written. */
export interface Author {
  /** Null where nobody is known. */
  readonly principal: string | null;
  /** What they may do; null: everything. */
  readonly scopes: readonly string[] | null;
}

/**
 * A pipeline does nothing that its author might not do: otherwise whoever may create tasks might do everything. It is checked here,
 * where somebody can still be told, and again at each step, because tools come and go.
 *
 * @param field that the steps stand in.
 * @throws ApiError `forbidden` naming the steps.
 */
export function assertMayUse(
  { pipeline }: Pick<Payload, 'pipeline'>,
  { scopes }: Author,
  tools: ToolRegistry,
  field = 'payload.pipeline',
): void {
  if (scopes === null) return;
  const errors: FieldIssue[] = [];
  const required = new Set<string>();
  pipeline.forEach((step, index) => {
    const tool = tools.get(step.uses);
    const missing = tool === null ? [] : missingScopes(scopes, neededScopes(tool));
    if (missing.length === 0) return;
    for (const scope of missing) required.add(scope);
    errors.push({
      field: `${field}[${index}].uses`,
      issue: `is ${step.uses}, which needs ${missing.join(', ')}`,
    });
  });
  if (errors.length === 0) return;
  throw new ApiError('forbidden', `The pipeline uses tools that need the scope ${[...required].join(', ')}.`, {
    details: { required_scopes: [...required], granted_scopes: [...scopes], errors },
  });
}

/** What is stored of an author with the pipeline. */
export const authorship = ({ principal, scopes }: Author): Pick<RevisionRow, 'author' | 'scopes'> => ({
  author: principal,
  scopes: scopes === null || scopes.includes('*') ? null : JSON.stringify(scopes),
});
