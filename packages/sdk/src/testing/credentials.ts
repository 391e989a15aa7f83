import { commonScopes, includesScope, type Operation, type Role, roles } from '@ordinaut/contract';
import type { World } from './call.ts';
import type { Caller } from './caller.ts';
import type { TestPrincipal, TestSession } from './state.ts';
import { TestError } from './test-error.ts';

const COOKIE = 'ordinaut_session';

/** Everything that a principal may do: the scopes of the role and their own. */
export function scopesOf({ role, scopes }: Pick<TestPrincipal, 'role' | 'scopes'>): string[] {
  const ofRole: readonly string[] = role !== null && Object.hasOwn(roles, role) ? roles[role as Role] : [];
  return [...new Set([...ofRole, ...scopes])].sort();
}

export const narrowed = (principal: TestPrincipal, to: readonly string[] | null): string[] =>
  to === null ? scopesOf(principal) : commonScopes(scopesOf(principal), to);

export const sessionCookie = (value: string): string => `${COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict`;
export const endedCookie = `${COOKIE}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`;

type Headers = Readonly<Record<string, string>>;

/** Who a request says it is from. @throws TestError `unauthorized` for credentials that count for nothing. */
export function identify(headers: Headers, world: World): Caller | null {
  const { authorization, 'x-api-key': key, cookie = '' } = headers;
  if (authorization !== undefined) {
    const token = /^bearer +([\x21-\x7e]+) *$/i.exec(authorization)?.[1];
    if (token === undefined)
      throw new TestError(
        'unauthorized',
        'Authorization has to be "Bearer", a space, and an access token or API key.',
        { required_scopes: [] },
      );
    return token.startsWith('ordk_') ? byKey(token, world) : byToken(token, world);
  }
  if (key !== undefined) return byKey(key.trim(), world);
  const id = new RegExp(`(?:^|; *)${COOKIE}=([^;]+)`).exec(cookie)?.[1];
  const session = id === undefined ? undefined : world.state.sessions.get(id);
  return session?.kind === 'cookie' && isOpen(session) ? of(session, 'session') : null;
}

function byToken(text: string, { state, clock }: World): Caller {
  const token = state.tokens.get(text);
  if (token === undefined) throw new Refused('The access token is not valid here; log in again.');
  if (token.expiresAt <= clock.now()) throw new Refused('The access token has expired; refresh it or log in again.');
  if (!isOpen(token.session)) throw new Refused('The session of this access token has ended; log in again.');
  return of(token.session, 'token');
}

function byKey(secret: string, { state, clock }: World): Caller {
  const key = [...state.apiKeys.values()].find((one) => one.secret === secret);
  const now = clock.now();
  const isUsable =
    key !== undefined &&
    key.revoked_at === null &&
    (key.expires_at === null || Date.parse(key.expires_at) > now) &&
    !key.principal.disabled;
  if (!isUsable) throw new Refused('The API key is unknown, expired or revoked.');
  state.apiKeys.set(key.id, { ...key, last_used_at: new Date(now).toISOString() });
  return { principal: key.principal, scopes: narrowed(key.principal, key.scopes), via: 'api_key', session: null };
}

const isOpen = ({ ended, principal }: TestSession): boolean => !ended && !principal.disabled;

const of = (session: TestSession, via: Caller['via']): Caller => ({
  principal: session.principal,
  scopes: narrowed(session.principal, session.scopes),
  via,
  session,
});

/** @throws TestError `unauthorized`, `forbidden` */
export function authorize(caller: Caller, { access, method }: Operation, headers: Headers, isOpenToAll: boolean): void {
  if (access === 'public') return;
  const required = access === 'authenticated' ? [] : [access];
  if (caller.principal === null && !isOpenToAll)
    throw new TestError(
      'unauthorized',
      'Log in first: send Authorization: Bearer with an access token, or X-API-Key.',
      { required_scopes: required },
    );
  if (caller.via === 'session' && method !== 'GET' && headers['x-csrf-token'] !== caller.session?.csrf)
    throw new TestError(
      'forbidden',
      'A change with the cookie of a session needs the header X-CSRF-Token, with csrf_token of GET /auth/session.',
      { header: 'X-CSRF-Token' },
    );
  if (required.every((scope) => includesScope(caller.scopes, scope))) return;
  throw new TestError('forbidden', `This needs the scope ${required.join(', ')}.`, {
    required_scopes: required,
    granted_scopes: [...caller.scopes],
  });
}

/** A credential that counts for nothing (RFC 6750 section 3.1). */
export class Refused extends TestError {
  constructor(message: string) {
    const challenge = 'Bearer realm="ordinaut", error="invalid_token"';
    super('unauthorized', message, { required_scopes: [] }, { 'www-authenticate': challenge });
  }
}
