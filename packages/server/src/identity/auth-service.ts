import {
  AgentLoginInput,
  LoginInput,
  missingScopes,
  type OperationResult,
  RefreshInput,
  SessionInput,
  type TokenAnswer,
} from '@ordinaut/contract';
import { type Clock, toIso } from '../kernel/clock.ts';
import { ApiError, badRequest } from '../kernel/errors.ts';
import { isUuid, newId, newToken } from '../kernel/ids.ts';
import { checkedBy } from '../kernel/schema.ts';
import type { PrincipalRow, SessionRow } from '../storage/tables.ts';
import { ACCESS_SECONDS, type AccessTokens, REFRESH_SECONDS } from './access-tokens.ts';
import type { LoginGuard } from './login-guard.ts';
import type { PasswordHasher } from './password-hash.ts';
import type { PrincipalRepository } from './principal-repository.ts';
import { narrowedScopes, readScopesOrNull, scopesOf } from './principal-scopes.ts';
import { hashOfSecret, newSecret } from './random-secret.ts';
import { longestLife, slidingExpiry } from './session-lifetime.ts';
import type { SessionRepository } from './session-repository.ts';

export interface AuthDeps {
  readonly principals: PrincipalRepository;
  readonly sessions: SessionRepository;
  readonly tokens: AccessTokens;
  readonly hasher: PasswordHasher;
  readonly guard: LoginGuard;
  readonly clock: Clock;
}

/** Hears who has logged in, or which known name was tried, for the audit log. */
export type NoteName = (name: string) => void;

/** What a login of a browser gives: the value of the cookie is shown to nobody else. */
export interface BrowserSession {
  readonly cookie: string;
  readonly principal: PrincipalRow;
  readonly scopes: readonly string[];
  /** When it ends however much it is used, epoch milliseconds. */
  readonly endsAt: number;
}

const readLogin = checkedBy<LoginInput>(LoginInput);
const readAgentLogin = checkedBy<AgentLoginInput>(AgentLoginInput);
const readSession = checkedBy<SessionInput>(SessionInput);
const readRefresh = checkedBy<RefreshInput>(RefreshInput);

/**
 * Logs in and out.
 *
 *   password ──> session ──> access token (1 h) + refresh token (30 d) ──refresh──> the next pair
 *                   │                                  └──the same refresh token again──> the session ends
 *                   └── ends by logout, a new password, or when its owner is disabled: then none of its tokens counts
 */
export class AuthService {
  readonly #deps: AuthDeps;

  constructor(deps: AuthDeps) {
    this.#deps = deps;
  }

  /** @throws ApiError `unauthorized`, in the same words and time for a wrong name and a wrong password. */
  async logIn(input: unknown, address: string, note: NoteName): Promise<TokenAnswer> {
    const { username, password, scopes } = readLogin(input);
    const user = await this.#admit('user', username, password, address, note);
    return this.#openSession(user, scopes ?? null, address);
  }

  /** The same for an agent, by its id or name. */
  async logInAgent(input: unknown, address: string, note: NoteName): Promise<TokenAnswer> {
    const { agent_id, agent_secret, scopes } = readAgentLogin(input);
    const agent = await this.#admit('agent', agent_id, agent_secret, address, note);
    return this.#openSession(agent, scopes ?? null, address);
  }

  async logInBrowser(input: unknown, address: string, note: NoteName): Promise<BrowserSession> {
    const { username, password } = readSession(input);
    const user = await this.#admit('user', username, password, address, note);
    const now = this.#deps.clock.now();
    const cookie = newSecret('ords');
    await this.#store(user, {
      id: newId(),
      principal_id: user.id,
      kind: 'cookie',
      secret: hashOfSecret(cookie),
      scopes: null,
      address,
      created_at: now,
      used_at: now,
      expires_at: slidingExpiry(now, now),
      revoked_at: null,
    });
    return { cookie, principal: user, scopes: scopesOf(user), endsAt: longestLife(now) };
  }

  /**
   * The next pair for a refresh token. One that was used before ends its session: somebody else has a copy (RFC 9700 section 4.14.2).
   *
   * @throws ApiError `unauthorized`
   */
  async refresh(input: unknown, note: NoteName): Promise<TokenAnswer> {
    const { tokens, sessions, clock } = this.#deps;
    const { refresh_token } = readRefresh(input);
    const claims = await tokens.check(refresh_token, 'refresh');
    if (typeof claims === 'string')
      throw refusal(`The refresh token is ${claims === 'expired' ? 'expired' : 'not valid'}; log in again.`);
    const now = clock.now();
    const found = await sessions.find({ id: claims.sessionId }, now);
    if (found === undefined) throw refusal('The session of this refresh token has ended; log in again.');
    const { session, principal } = found;
    note(principal.name);
    const tokenId = newToken(16);
    const times = { used_at: now, expires_at: now + REFRESH_SECONDS * 1000 };
    if (!(await sessions.rotate(session.id, claims.tokenId, tokenId, times))) {
      await sessions.revoke({ id: session.id }, now);
      throw refusal('This refresh token was used before, so its session was ended; log in again.');
    }
    return this.#answer(principal, session.id, tokenId, readScopesOrNull(session.scopes));
  }

  /** Ends the session of a refresh token. One that is not known is no error (RFC 7009 section 2.2). */
  async revoke(input: unknown, note: NoteName): Promise<OperationResult> {
    const { tokens, sessions, clock } = this.#deps;
    const { refresh_token } = readRefresh(input);
    const claims = await tokens.check(refresh_token, 'refresh');
    if (typeof claims !== 'string') {
      const found = await sessions.find({ id: claims.sessionId }, clock.now());
      if (found !== undefined) note(found.principal.name);
      await this.endSession(claims.sessionId);
    }
    return { success: true, message: 'The session has ended.', details: {} };
  }

  async endSession(id: string): Promise<void> {
    await this.#deps.sessions.revoke({ id }, this.#deps.clock.now());
  }

  async #admit(
    kind: 'user' | 'agent',
    name: string,
    secret: string,
    address: string,
    note: NoteName,
  ): Promise<PrincipalRow> {
    const { principals, hasher, guard, clock } = this.#deps;
    const found = await principals.find(kind, kind === 'agent' && isUuid(name) ? { id: name.toLowerCase() } : { name });
    // Only a name that is known is noted: what is typed in its place may be a password.
    if (found) note(found.name);
    const isRight = await guard.attempt(name, address, async () => {
      const fits = await hasher.verify(secret, found?.secret_hash ?? null);
      return fits && found?.disabled !== 1;
    });
    if (found === undefined || !isRight) {
      throw refusal(kind === 'user' ? 'The username or the password is wrong.' : 'The agent or its secret is wrong.');
    }
    await principals.loggedIn(found.id, clock.now());
    return found;
  }

  async #openSession(principal: PrincipalRow, wanted: readonly string[] | null, address: string): Promise<TokenAnswer> {
    if (wanted !== null) {
      const missing = missingScopes(scopesOf(principal), wanted);
      if (missing.length > 0)
        throw badRequest([{ field: 'scopes', issue: `${principal.name} may not: ${missing.join(', ')}` }]);
    }
    const now = this.#deps.clock.now();
    const session = newId();
    const tokenId = newToken(16);
    await this.#store(principal, {
      id: session,
      principal_id: principal.id,
      kind: 'token',
      secret: tokenId,
      scopes: wanted === null ? null : JSON.stringify(wanted),
      address,
      created_at: now,
      used_at: now,
      expires_at: now + REFRESH_SECONDS * 1000,
      revoked_at: null,
    });
    return this.#answer(principal, session, tokenId, wanted);
  }

  async #store(principal: PrincipalRow, session: SessionRow): Promise<void> {
    if (await this.#deps.sessions.insert(session, principal.secret_hash ?? '')) return;
    throw refusal('The password or secret was changed at this moment; log in with the new one.');
  }

  async #answer(
    principal: PrincipalRow,
    sessionId: string,
    tokenId: string,
    to: readonly string[] | null,
  ): Promise<TokenAnswer> {
    const { tokens, clock } = this.#deps;
    const scopes = narrowedScopes(principal, to);
    const about = { principalId: principal.id, sessionId, scopes };
    const [access_token, refresh_token] = await Promise.all([
      tokens.sign('access', about),
      tokens.sign('refresh', { ...about, tokenId }),
    ]);
    return {
      access_token,
      token_type: 'bearer',
      expires_in: ACCESS_SECONDS,
      refresh_token,
      refresh_expires_in: REFRESH_SECONDS,
      server_time: toIso(clock.now()),
      scopes,
      scope: scopes.join(' '),
    };
  }
}

const refusal = (message: string): ApiError =>
  new ApiError('unauthorized', message, { details: { required_scopes: [] } });
