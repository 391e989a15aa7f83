import {
  type CreatedUser,
  type OperationResult,
  type Page,
  PasswordChange,
  type PrincipalListQuery,
  type User,
  UserInput,
  UserPatch,
} from '@ordinaut/contract';
import type { Clock } from '../kernel/clock.ts';
import { ApiError, badRequest, conflict, notFound } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { checkedBy } from '../kernel/schema.ts';
import type { PrincipalRow } from '../storage/tables.ts';
import type { Caller } from './caller.ts';
import { checkScopes } from './check-scopes.ts';
import type { LoginGuard } from './login-guard.ts';
import type { PasswordHasher } from './password-hash.ts';
import { keyOf, type PrincipalFields, type PrincipalRepository } from './principal-repository.ts';
import { toUser } from './principal-resource.ts';
import { newPassword } from './random-secret.ts';
import type { SessionRepository } from './session-repository.ts';

export interface UserDeps {
  readonly principals: PrincipalRepository;
  readonly sessions: SessionRepository;
  readonly hasher: PasswordHasher;
  readonly guard: LoginGuard;
  readonly clock: Clock;
}

const readUser = checkedBy<UserInput>(UserInput);
const readPatch = checkedBy<UserPatch>(UserPatch);
const readPasswords = checkedBy<PasswordChange>(PasswordChange);

/** Users, and what can be done with them. There is always one left who may do everything. */
export class UserService {
  readonly #deps: UserDeps;

  constructor(deps: UserDeps) {
    this.#deps = deps;
  }

  async create(input: unknown, by: Pick<Caller, 'principal'>): Promise<CreatedUser> {
    const { username, password, role = 'viewer', scopes = [] } = readUser(input);
    // It has a path of its own.
    if (keyOf(username) === 'me')
      throw badRequest([{ field: 'username', issue: 'is "me", which stands for the caller; choose another' }]);
    checkScopes(scopes);
    checkPassword('password', password, username);
    const made = password === undefined ? newPassword() : null;
    const now = this.#deps.clock.now();
    const row: PrincipalRow = {
      id: newId(),
      kind: 'user',
      name: username,
      name_key: keyOf(username),
      description: null,
      role,
      scopes: JSON.stringify(scopes),
      secret_hash: await this.#deps.hasher.hash(password ?? made!),
      disabled: 0,
      created_by: by.principal,
      created_at: now,
      updated_at: now,
      last_login_at: null,
      deleted_at: null,
    };
    if (!(await this.#deps.principals.insert(row))) throw nameTaken(username);
    return { ...toUser(row), ...(made === null ? {} : { password: made }) };
  }

  async list(query: PrincipalListQuery): Promise<Page<User>> {
    const page = await this.#deps.principals.list('user', query);
    return { ...page, items: page.items.map(toUser) };
  }

  async get(username: string): Promise<User> {
    return toUser(await this.#find(username));
  }

  /** @throws ApiError `conflict` where nobody would be left who may do everything. */
  async update(username: string, patch: unknown): Promise<User> {
    const { password, role, scopes, disabled } = readPatch(patch);
    checkScopes(scopes);
    const user = await this.#find(username);
    checkPassword('password', password, user.name);
    const fields: PrincipalFields = {
      ...(role === undefined ? {} : { role }),
      ...(scopes === undefined ? {} : { scopes: JSON.stringify(scopes) }),
      ...(disabled === undefined ? {} : { disabled: disabled ? 1 : 0 }),
      ...(password === undefined ? {} : { secret_hash: await this.#deps.hasher.hash(password) }),
    };
    const now = this.#deps.clock.now();
    const changed = await this.#change(user, fields, now);
    if (password !== undefined || disabled === true) await this.#deps.sessions.revoke({ principalId: user.id }, now);
    return toUser(changed);
  }

  async delete(username: string, by: Caller): Promise<OperationResult> {
    const user = await this.#find(username);
    if (by.identity?.id === user.id) throw conflict('You cannot delete yourself; ask another admin.');
    const now = this.#deps.clock.now();
    await this.#change(user, { deleted_at: now, disabled: 1, secret_hash: null }, now);
    await this.#deps.sessions.revoke({ principalId: user.id }, now);
    return { success: true, message: `The user ${user.name} is deleted.`, details: { username: user.name } };
  }

  /** @throws ApiError `bad_request` where the present password is wrong; each such attempt counts as a failed login. */
  async changePassword(input: unknown, by: Caller): Promise<OperationResult> {
    const { current_password, new_password } = readPasswords(input);
    const { principals, sessions, hasher, guard, clock } = this.#deps;
    if (by.identity?.kind !== 'user')
      throw new ApiError('forbidden', 'Only a user who is logged in has a password of their own.', {
        details: { required_scopes: [] },
      });
    const user = await this.#find(by.identity.name);
    checkPassword('new_password', new_password, user.name);
    const isRight = await guard.attempt(user.name, by.address, () => hasher.verify(current_password, user.secret_hash));
    if (!isRight) throw badRequest([{ field: 'current_password', issue: 'is not the present password' }]);
    const now = clock.now();
    await principals.update(user.id, { secret_hash: await hasher.hash(new_password) }, now);
    await sessions.revoke({ principalId: user.id }, now);
    return { success: true, message: 'The password is changed; log in with it.', details: { username: user.name } };
  }

  async #find(username: string): Promise<PrincipalRow> {
    const user = await this.#deps.principals.find('user', { name: username });
    if (user === undefined) throw notFound('user', username);
    return user;
  }

  async #change(user: PrincipalRow, fields: PrincipalFields, now: number): Promise<PrincipalRow> {
    const changed = await this.#deps.principals.updateUser(user.id, fields, now);
    if (changed === undefined) throw notFound('user', user.name);
    if (changed !== null) return changed;
    throw conflict(`${user.name} is the last user who may do everything; make another one first.`, {
      username: user.name,
    });
  }
}

export const nameTaken = (name: string) =>
  conflict(`The name ${name} is taken, by a user or agent that is or was here; choose another.`, { name });

/** What guesses try first (NIST SP 800-63B section 3.1.1.2): words of the service and of the account. */
function checkPassword(field: string, password: string | undefined, username: string): void {
  if (password === undefined) return;
  const plain = password.toLowerCase();
  const issue =
    plain.includes(username.toLowerCase()) && username.length > 3
      ? 'holds the username; choose another'
      : new Set(plain).size < 5
        ? 'has fewer than five different characters; choose another'
        : null;
  if (issue !== null) throw badRequest([{ field, issue }]);
}
