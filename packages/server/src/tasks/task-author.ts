import { type FieldIssue, includesScope, missingScopes, type Payload } from '@ordinaut/contract';
import { ApiError, badRequest } from '../kernel/errors.ts';
import type { RevisionRow } from '../storage/tables.ts';
import { neededScopes } from '../tools/needed-scopes.ts';
import type { ToolRegistry } from '../tools/registry.ts';

/** In whose name a task is written. */
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
 * @throws ApiError `forbidden` naming the steps.
 */
export function assertMayUse(payload: Payload, { scopes }: Author, tools: ToolRegistry): void {
  if (scopes === null) return;
  const errors: FieldIssue[] = [];
  const required = new Set<string>();
  payload.pipeline.forEach((step, index) => {
    const tool = tools.get(step.uses);
    const missing = tool === null ? [] : missingScopes(scopes, neededScopes(tool));
    if (missing.length === 0) return;
    for (const scope of missing) required.add(scope);
    errors.push({
      field: `payload.pipeline[${index}].uses`,
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

/**
 * Who a task is said to be by. Somebody who is known cannot speak for another, unless they manage users.
 *
 * @throws ApiError `bad_request`
 */
export function creatorOf(said: string | null, { principal, scopes }: Author): string | null {
  if (said === null || said === principal || principal === null) return said ?? principal;
  if (scopes === null || includesScope(scopes, 'admin')) return said;
  throw badRequest([
    { field: 'created_by', issue: `is ${JSON.stringify(said)}, but you are ${principal}; leave it out` },
  ]);
}
