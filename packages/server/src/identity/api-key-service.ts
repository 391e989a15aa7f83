import {
  type ApiKey,
  ApiKeyInput,
  type ApiKeyListQuery,
  type CreatedApiKey,
  includesScope,
  missingScopes,
  type OperationResult,
  type Page,
} from '@ordinaut/contract';
import { type Clock, toIso, toIsoOrNull } from '../kernel/clock.ts';
import { ApiError, badRequest, notFound } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { checkedBy } from '../kernel/schema.ts';
import type { PrincipalRow } from '../storage/tables.ts';
import type { ApiKeyRecord, ApiKeyRepository } from './api-key-repository.ts';
import { API_KEY_PREFIX } from './authenticator.ts';
import type { Caller } from './caller.ts';
import { checkScopes } from './check-scopes.ts';
import type { PrincipalRepository } from './principal-repository.ts';
import { readScopes, scopesOf } from './principal-scopes.ts';
import { hashOfSecret, newSecret } from './random-secret.ts';

const DAY_MS = 86_400_000;
/** How much of a key is shown later, to tell it from others. */
const SHOWN = 11;

const readKey = checkedBy<ApiKeyInput>(ApiKeyInput);

/** API keys: long-lived credentials of a user or agent, for programs that cannot log in. */
export class ApiKeyService {
  readonly #keys: ApiKeyRepository;
  readonly #principals: PrincipalRepository;
  readonly #clock: Clock;

  constructor(deps: { keys: ApiKeyRepository; principals: PrincipalRepository; clock: Clock }) {
    this.#keys = deps.keys;
    this.#principals = deps.principals;
    this.#clock = deps.clock;
  }

  /** @throws ApiError `forbidden` for the key of somebody else without `admin`. */
  async create(input: unknown, by: Caller): Promise<CreatedApiKey> {
    const { name, scopes, expires_in_days = null, owner: wanted } = readKey(input);
    checkScopes(scopes);
    await this.#assertMayManage(by);
    const owner = await this.#ownerOf(wanted ?? by.principal, by);
    const isOwn = owner.id === by.identity?.id;
    // A token that was made for less makes no key for more.
    const most = isOwn ? by.scopes : scopesOf(owner);
    const missing = missingScopes(most, scopes ?? []);
    if (missing.length > 0)
      throw badRequest([{ field: 'scopes', issue: `${owner.name} may not: ${missing.join(', ')}` }]);
    const now = this.#clock.now();
    const api_key = newSecret(API_KEY_PREFIX);
    const row = {
      id: newId(),
      principal_id: owner.id,
      name,
      prefix: api_key.slice(0, SHOWN),
      hash: hashOfSecret(api_key),
      // What the owner is given later is not given to the key.
      scopes: JSON.stringify(scopes ?? most),
      created_at: now,
      expires_at: expires_in_days === null ? null : now + expires_in_days * DAY_MS,
      last_used_at: null,
      revoked_at: null,
    };
    await this.#keys.insert(row);
    return { ...toApiKey({ ...row, owner: owner.name }), api_key };
  }

  async list({ owner, ...page }: ApiKeyListQuery, by: Caller): Promise<Page<ApiKey>> {
    const mine = by.identity?.id ?? null;
    const isAdmin = includesScope(by.scopes, 'admin');
    if (owner === undefined && mine === null && !isAdmin) throw nobody();
    const whose = owner === undefined ? (isAdmin ? null : mine) : (await this.#ownerOf(owner, by)).id;
    const found = await this.#keys.list(page, whose);
    return { ...found, items: found.items.map(toApiKey) };
  }

  async revoke(id: string, by: Caller): Promise<OperationResult> {
    await this.#assertMayManage(by);
    const key = await this.#keys.find(id);
    const isMine = key !== undefined && key.principal_id === by.identity?.id;
    // Whose it is is nobody else's business.
    if (key === undefined || (!isMine && !includesScope(by.scopes, 'admin'))) throw notFound('API key', id);
    await this.#keys.revoke(id, this.#clock.now());
    return {
      success: true,
      message: `The API key ${key.name} counts for nothing any more.`,
      details: { id, owner: key.owner },
    };
  }

  /** What was given away for a time, or for less, must not make a key that lasts, or take others away. */
  async #assertMayManage(by: Caller): Promise<void> {
    if (includesScope(by.scopes, 'admin')) return;
    const owner = by.principal === null ? undefined : await this.#principals.named(by.principal);
    const isWhole = owner === undefined || missingScopes(by.scopes, scopesOf(owner)).length === 0;
    if (by.via !== 'api_key' && isWhole) return;
    const message =
      'API keys are made and revoked by somebody who has logged in with all that they may do, or with the scope admin.';
    throw new ApiError('forbidden', message, {
      details: { required_scopes: ['admin'], granted_scopes: [...by.scopes] },
    });
  }

  async #ownerOf(name: string | null, by: Caller): Promise<PrincipalRow> {
    if (name === null) throw nobody();
    const isOwn = by.principal?.toLowerCase() === name.toLowerCase();
    if (!isOwn && !includesScope(by.scopes, 'admin')) {
      throw new ApiError('forbidden', 'The API keys of others need the scope admin.', {
        details: { required_scopes: ['admin'], granted_scopes: [...by.scopes] },
      });
    }
    const owner = await this.#principals.named(name);
    if (owner === undefined) throw notFound('user or agent', name);
    return owner;
  }
}

const nobody = () =>
  badRequest([
    { field: 'owner', issue: 'is required, as nobody is logged in: the name of the user or agent whose key it is' },
  ]);

const toApiKey = (key: ApiKeyRecord): ApiKey => ({
  id: key.id,
  name: key.name,
  owner: key.owner,
  prefix: key.prefix,
  scopes: readScopes(key.scopes),
  created_at: toIso(key.created_at),
  expires_at: toIsoOrNull(key.expires_at),
  last_used_at: toIsoOrNull(key.last_used_at),
  revoked_at: toIsoOrNull(key.revoked_at),
});
