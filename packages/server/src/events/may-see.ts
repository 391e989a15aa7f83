import { includesScope } from '@ordinaut/contract';
import { ApiError } from '../kernel/errors.ts';
import { guardingScopes, scopeOfTopic } from './topics.ts';

/** Whether somebody with these scopes, besides `events:read`, may see what is published under a topic. */
export function maySee(topic: string, scopes: readonly string[]): boolean {
  const scope = scopeOfTopic(topic);
  return scope === null || includesScope(scopes, scope);
}

/** Whether there is no topic that they may not see. */
export const maySeeAll = (scopes: readonly string[]): boolean =>
  guardingScopes.every((scope) => includesScope(scopes, scope));

/**
 * For a pattern of which somebody may see nothing. Of a wider one they see the rest.
 *
 * @throws ApiError `forbidden`
 */
export function assertMaySee(pattern: string, scopes: readonly string[]): void {
  if (maySee(pattern, scopes)) return;
  throw new ApiError('forbidden', `The events of ${pattern} need the scope ${scopeOfTopic(pattern)}.`, {
    details: { required_scopes: [scopeOfTopic(pattern)], granted_scopes: [...scopes] },
  });
}
