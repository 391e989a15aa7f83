import {
  type Agent,
  type AgentCredentials,
  AgentInput,
  AgentPatch,
  type OperationResult,
  type Page,
  type PrincipalListQuery,
} from '@ordinaut/contract';
import type { Clock } from '../kernel/clock.ts';
import { notFound } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { checkedBy } from '../kernel/schema.ts';
import type { PrincipalRow } from '../storage/tables.ts';
import type { Caller } from './caller.ts';
import { checkScopes } from './check-scopes.ts';
import type { PasswordHasher } from './password-hash.ts';
import { keyOf, type PrincipalRepository } from './principal-repository.ts';
import { toAgent } from './principal-resource.ts';
import { newSecret } from './random-secret.ts';
import type { SessionRepository } from './session-repository.ts';
import { nameTaken } from './user-service.ts';

export interface AgentDeps {
  readonly principals: PrincipalRepository;
  readonly sessions: SessionRepository;
  readonly hasher: PasswordHasher;
  readonly clock: Clock;
}

const readAgent = checkedBy<AgentInput>(AgentInput);
const readPatch = checkedBy<AgentPatch>(AgentPatch);

/** Agents: programs with a name, scopes and a secret of their own. */
export class AgentService {
  readonly #deps: AgentDeps;

  constructor(deps: AgentDeps) {
    this.#deps = deps;
  }

  async create(input: unknown, by: Pick<Caller, 'principal'>): Promise<Agent> {
    const { name, description = null, role = null, scopes = [] } = readAgent(input);
    checkScopes(scopes);
    const now = this.#deps.clock.now();
    const row: PrincipalRow = {
      id: newId(),
      kind: 'agent',
      name,
      name_key: keyOf(name),
      description,
      role,
      scopes: JSON.stringify(scopes),
      secret_hash: null,
      disabled: 0,
      created_by: by.principal,
      created_at: now,
      updated_at: now,
      last_login_at: null,
      deleted_at: null,
    };
    if (!(await this.#deps.principals.insert(row))) throw nameTaken(name);
    return toAgent(row);
  }

  async list(query: PrincipalListQuery): Promise<Page<Agent>> {
    const page = await this.#deps.principals.list('agent', query);
    return { ...page, items: page.items.map(toAgent) };
  }

  async get(id: string): Promise<Agent> {
    return toAgent(await this.#find(id));
  }

  async update(id: string, patch: unknown): Promise<Agent> {
    const { description, role, scopes, disabled } = readPatch(patch);
    checkScopes(scopes);
    const now = this.#deps.clock.now();
    const changed = await this.#deps.principals.update(
      (await this.#find(id)).id,
      {
        ...(description === undefined ? {} : { description }),
        ...(role === undefined ? {} : { role }),
        ...(scopes === undefined ? {} : { scopes: JSON.stringify(scopes) }),
        ...(disabled === undefined ? {} : { disabled: disabled ? 1 : 0 }),
      },
      now,
    );
    if (changed === undefined) throw notFound('agent', id);
    if (disabled === true) await this.#deps.sessions.revoke({ principalId: id }, now);
    return toAgent(changed);
  }

  async delete(id: string): Promise<OperationResult> {
    const { name } = await this.#find(id);
    const now = this.#deps.clock.now();
    await this.#deps.principals.update(id, { deleted_at: now, disabled: 1, secret_hash: null }, now);
    await this.#deps.sessions.revoke({ principalId: id }, now);
    return { success: true, message: `The agent ${name} is deleted.`, details: { agent_id: id, name } };
  }

  /** A new secret, in the answer and nowhere else. */
  async createCredentials(id: string): Promise<AgentCredentials> {
    const { name } = await this.#find(id);
    const agent_secret = newSecret('orda');
    const now = this.#deps.clock.now();
    await this.#deps.principals.update(id, { secret_hash: await this.#deps.hasher.hash(agent_secret) }, now);
    await this.#deps.sessions.revoke({ principalId: id }, now);
    return {
      agent_id: id,
      agent_secret,
      message: `Keep the secret of ${name} now: it is not shown again. POST /agents/auth/token exchanges it for tokens.`,
    };
  }

  async #find(id: string): Promise<PrincipalRow> {
    const agent = await this.#deps.principals.find('agent', { id });
    if (agent === undefined) throw notFound('agent', id);
    return agent;
  }
}
