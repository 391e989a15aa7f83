import { includesScope, missingScopes } from '@ordinaut/contract';
import type { Handlers, World } from '../call.ts';
import type { Caller } from '../caller.ts';
import { scopesOf } from '../credentials.ts';
import { newId } from '../new-id.ts';
import { newSecret } from '../new-secret.ts';
import { isAsked, pageOf } from '../page.ts';
import type { TestApiKey, TestPrincipal } from '../state.ts';
import { badRequest, notFound, TestError } from '../test-error.ts';
import { found, isoNow, principalOf } from './find.ts';

const DAY_MS = 86_400_000;
/** How much of a key is shown later. */
const SHOWN = 11;

/** Adds an API key. @param secret default: a random one. */
export function addApiKey(
  { state, clock }: World,
  principal: TestPrincipal,
  fields: { name: string; scopes: readonly string[]; expiresInDays?: number | null },
  secret = newSecret('ordk'),
): TestApiKey {
  const now = clock.now();
  const { name, scopes, expiresInDays = null } = fields;
  const key: TestApiKey = {
    id: newId(now),
    name,
    owner: principal.name,
    prefix: secret.slice(0, SHOWN),
    scopes: [...scopes],
    created_at: new Date(now).toISOString(),
    expires_at: expiresInDays === null ? null : new Date(now + expiresInDays * DAY_MS).toISOString(),
    last_used_at: null,
    revoked_at: null,
    secret,
    principal,
  };
  state.apiKeys.set(key.id, key);
  return key;
}

/** Whose keys a caller asks for. */
function ownerOf(world: World, wanted: string | undefined, caller: Caller): TestPrincipal {
  const name = wanted ?? caller.principal?.name;
  if (name === undefined)
    throw new TestError('forbidden', 'Nobody is logged in whose key it could be; name an owner.', {
      required_scopes: [],
    });
  const isAdmin = includesScope(caller.scopes, 'admin');
  if (name.toLowerCase() !== caller.principal?.name.toLowerCase() && !isAdmin)
    throw new TestError('forbidden', 'Keys of somebody else need the scope admin.', {
      required_scopes: ['admin'],
      granted_scopes: caller.scopes,
    });
  const owner = principalOf(world, 'user', name) ?? principalOf(world, 'agent', name);
  if (owner === undefined) throw notFound('user or agent', name);
  return owner;
}

const shown = ({ secret: _secret, principal: _principal, ...key }: TestApiKey) => key;

type Ids = 'auth.create_api_key' | 'auth.list_api_keys' | 'auth.revoke_api_key';
export const apiKeyHandlers: Pick<Handlers<'auth'>, Ids> = {
  'auth.create_api_key': ({ world, body, caller }) => {
    const owner = ownerOf(world, body.owner, caller);
    const most = owner === caller.principal ? caller.scopes : scopesOf(owner);
    const missing = missingScopes(most, body.scopes ?? []);
    if (missing.length > 0)
      throw badRequest([{ field: 'scopes', issue: `${owner.name} may not: ${missing.join(', ')}` }]);
    const key = addApiKey(world, owner, {
      name: body.name,
      scopes: body.scopes ?? most,
      expiresInDays: body.expires_in_days ?? null,
    });
    return { ...shown(key), api_key: key.secret };
  },
  'auth.list_api_keys': ({ world, query, caller }) => {
    const seesAll = query.owner === undefined && includesScope(caller.scopes, 'admin');
    const owner = seesAll ? undefined : ownerOf(world, query.owner, caller);
    const keys = [...world.state.apiKeys.values()].filter(({ principal }) => isAsked(owner, principal));
    const page = pageOf(keys, query);
    return { ...page, items: page.items.map(shown) };
  },
  'auth.revoke_api_key': ({ world, params, caller }) => {
    const key = found(world.state.apiKeys, 'API key', params.id);
    if (key.principal !== caller.principal && !includesScope(caller.scopes, 'admin'))
      throw notFound('API key', params.id);
    world.state.apiKeys.set(key.id, { ...key, revoked_at: key.revoked_at ?? isoNow(world) });
    const details = { id: key.id, owner: key.owner };
    return { success: true, message: `The API key ${key.name} counts for nothing any more.`, details };
  },
};
