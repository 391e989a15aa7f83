import { type Me, missingScopes, type OperationResult, type TokenAnswer } from '@ordinaut/contract';
import type { Handlers, World } from '../call.ts';
import type { Caller } from '../caller.ts';
import { endedCookie, narrowed, scopesOf, sessionCookie } from '../credentials.ts';
import { newId } from '../new-id.ts';
import { newSecret } from '../new-secret.ts';
import type { TestPrincipal, TestSession } from '../state.ts';
import { badRequest, TestError } from '../test-error.ts';
import type { apiKeyHandlers } from './api-keys.ts';
import { isoNow, principalOf } from './find.ts';

const unauthorized = (message: string): TestError => new TestError('unauthorized', message, { required_scopes: [] });

/** A caller as the API tells them of themselves. */
export const toMe = ({ principal, scopes, via }: Caller): Me => ({
  authenticated: principal !== null,
  kind: principal?.kind ?? null,
  id: principal?.id ?? null,
  username: principal?.name ?? null,
  role: principal?.role ?? null,
  scopes: [...scopes],
  via,
});

/** Ends every session of a principal, with all that came of it. */
export function endSessionsOf({ state }: World, principal: TestPrincipal): void {
  for (const session of state.sessions.values()) if (session.principal === principal) session.ended = true;
}

function admit(world: World, kind: TestPrincipal['kind'], name: string, secret: string): TestPrincipal {
  const principal = principalOf(world, kind, name);
  if (principal === undefined || principal.disabled || principal.secret !== secret)
    throw unauthorized(
      kind === 'user' ? 'The username or the password is wrong.' : 'The agent or its secret is wrong.',
    );
  principal.last_login_at = isoNow(world);
  return principal;
}

function openSession(
  world: World,
  principal: TestPrincipal,
  kind: TestSession['kind'],
  scopes: readonly string[] | null,
): TestSession {
  const missing = missingScopes(scopesOf(principal), scopes ?? []);
  if (missing.length > 0)
    throw badRequest([{ field: 'scopes', issue: `${principal.name} may not: ${missing.join(', ')}` }]);
  const id = kind === 'cookie' ? newSecret('ords') : newId(world.clock.now());
  const session = { id, principal, scopes, kind, refreshToken: '', csrf: crypto.randomUUID(), ended: false };
  world.state.sessions.set(id, session);
  return session;
}

function tokensOf({ state, clock, lifetimes }: World, session: TestSession): TokenAnswer {
  const { accessSeconds, refreshSeconds } = lifetimes;
  const now = clock.now();
  const access_token = newSecret('access');
  session.refreshToken = `${session.id}.${crypto.randomUUID()}.${now + refreshSeconds * 1000}`;
  state.tokens.set(access_token, { session, expiresAt: now + accessSeconds * 1000 });
  const scopes = narrowed(session.principal, session.scopes);
  return {
    access_token,
    token_type: 'bearer',
    expires_in: accessSeconds,
    refresh_token: session.refreshToken,
    refresh_expires_in: refreshSeconds,
    server_time: new Date(now).toISOString(),
    scopes,
    scope: scopes.join(' '),
  };
}

/** The session that a refresh token is of, and until when it counts, epoch milliseconds. */
function sessionOf({ state }: World, refreshToken: string): { session: TestSession | undefined; until: number } {
  const [id = '', , until] = refreshToken.split('.');
  return { session: state.sessions.get(id), until: Number(until) };
}

function refresh(world: World, token: string): TokenAnswer {
  const { session, until } = sessionOf(world, token);
  if (session === undefined || Number.isNaN(until)) throw unauthorized('The refresh token is not valid; log in again.');
  if (until <= world.clock.now()) throw unauthorized('The refresh token is expired; log in again.');
  if (session.ended || session.principal.disabled)
    throw unauthorized('The session of this refresh token has ended; log in again.');
  if (session.refreshToken !== token) {
    session.ended = true;
    throw unauthorized('This refresh token was used before, so its session was ended; log in again.');
  }
  return tokensOf(world, session);
}

function revoke(world: World, token: string): OperationResult {
  const { session } = sessionOf(world, token);
  if (session !== undefined) session.ended = true;
  return { success: true, message: 'The session has ended.', details: {} };
}

function end({ session, via }: Caller): OperationResult {
  if (session !== null) session.ended = true;
  const message =
    via === 'api_key'
      ? 'An API key has no session; revoke it with DELETE /auth/api-keys/{id}.'
      : session === null
        ? 'Nobody was logged in.'
        : 'The session has ended.';
  return { success: true, message, details: {} };
}

export const authHandlers: Omit<Handlers<'auth'>, keyof typeof apiKeyHandlers> = {
  'auth.token': ({ world, body: { username, password, scopes } }) =>
    tokensOf(world, openSession(world, admit(world, 'user', username, password), 'token', scopes ?? null)),
  'auth.refresh': ({ world, body }) => refresh(world, body.refresh_token),
  'auth.revoke': ({ world, body }) => revoke(world, body.refresh_token),
  'auth.logout': ({ caller }) => end(caller),
  'auth.agent_token': ({ world, body: { agent_id, agent_secret, scopes } }) =>
    tokensOf(world, openSession(world, admit(world, 'agent', agent_id, agent_secret), 'token', scopes ?? null)),
  'auth.agent_refresh': ({ world, body }) => refresh(world, body.refresh_token),
  'auth.agent_revoke': ({ world, body }) => revoke(world, body.refresh_token),
  'auth.session': ({ caller }) => ({
    ...toMe(caller),
    csrf_token: caller.via === 'session' ? caller.session!.csrf : null,
  }),
  'auth.begin_session': ({ world, body: { username, password }, setHeader }) => {
    const session = openSession(world, admit(world, 'user', username, password), 'cookie', null);
    setHeader('set-cookie', sessionCookie(session.id));
    const caller: Caller = {
      principal: session.principal,
      scopes: scopesOf(session.principal),
      via: 'session',
      session,
    };
    return { ...toMe(caller), csrf_token: session.csrf };
  },
  'auth.end_session': ({ caller, setHeader }) => {
    setHeader('set-cookie', endedCookie);
    return end(caller);
  },
};
