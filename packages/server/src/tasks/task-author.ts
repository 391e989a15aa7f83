import { type FieldIssue, includesScope, missingScopes, type Payload } from '@ordinaut/contract';
import { maySee } from '../events/may-see.ts';
import { scopeOfTopic } from '../events/topics.ts';
import { ApiError, badRequest } from '../kernel/errors.ts';
import { compileTopicGlob } from '../kernel/topic-glob.ts';
import { notedTopics } from '../storage/run-events.ts';
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

/** Topics that not everybody may see what is published under. */
const guarded = notedTopics.filter((topic) => scopeOfTopic(topic) !== null);

/**
 * The runs of a task show the events that started them: so nobody has it started by what they may not see themselves.
 *
 * @param pattern of topics; null: events do not start it.
 * @throws ApiError `forbidden`
 */
export function assertMayHear(pattern: string | null, { scopes }: Author): void {
  if (pattern === null || scopes === null) return;
  const matches = compileTopicGlob(pattern);
  const hidden = guarded.find((topic) => matches(topic) && !maySee(topic, scopes));
  if (hidden === undefined) return;
  const scope = scopeOfTopic(hidden);
  throw new ApiError('forbidden', `Tasks that ${hidden} starts need the scope ${scope}.`, {
    details: {
      required_scopes: [scope],
      granted_scopes: [...scopes],
      field: 'event_topic',
      issue: `is ${JSON.stringify(pattern)}, which ${hidden} matches; name topics without it`,
    },
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
