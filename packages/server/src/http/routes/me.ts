import type { Me } from '@ordinaut/contract';
import type { Caller } from '../../identity/caller.ts';

/** A caller as the API tells them of themselves. */
export const toMe = ({ identity, scopes, via }: Caller): Me => ({
  authenticated: identity !== null,
  kind: identity?.kind ?? null,
  id: identity?.id ?? null,
  username: identity?.name ?? null,
  role: identity?.role ?? null,
  scopes: [...scopes],
  via,
});
