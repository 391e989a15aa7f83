import { includesScope } from '@ordinaut/contract';
import type { RequestCaller } from '@ordinaut/kit';
import type { Caller } from '../identity/caller.ts';

/** Who asks, as code that others have written sees them. */
export const requestCaller = ({ principal, identity, scopes }: Caller): RequestCaller => ({
  principal,
  kind: identity?.kind ?? null,
  scopes,
  has: (scope) => includesScope(scopes, scope),
});
