import { includesScope } from '@ordinaut/contract';
import { maySee } from '../events/may-see.ts';
import { scopeOfTopic } from '../events/topics.ts';
import { ApiError, badRequest } from '../kernel/errors.ts';
import { compileTopicGlob, mayMatchIdsOf } from '../kernel/topic-glob.ts';
import type { Author } from '../pipeline/author.ts';
import { notedFamilies, notedTopics } from '../storage/run-events.ts';

/** Topics that not everybody may see what is published under. */
const guarded = notedTopics.filter((topic) => scopeOfTopic(topic) !== null);
/** The same for topics of which there is one for each id. */
const guardedFamilies = notedFamilies.filter((family) => scopeOfTopic(`${family}.`) !== null);

/**
 * The runs of a task show the events that started them: so nobody has it started by what they may not see themselves.
 *
 * @param pattern of topics; null: events do not start it.
 * @throws ApiError `forbidden`
 */
export function assertMayHear(pattern: string | null, { scopes }: Author): void {
  if (pattern === null || scopes === null) return;
  const matches = compileTopicGlob(pattern);
  const hidden =
    guarded.find((topic) => matches(topic) && !maySee(topic, scopes)) ??
    guardedFamilies
      .filter((family) => mayMatchIdsOf(pattern, family))
      .map((family) => `${family}.<id>`)
      .find((topic) => !maySee(topic, scopes));
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
