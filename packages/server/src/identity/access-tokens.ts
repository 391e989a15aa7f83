import type { JWTPayload } from 'jose';
import type { Clock } from '../kernel/clock.ts';
import { newToken } from '../kernel/ids.ts';
import type { KeyRing } from '../secrets/key-ring.ts';

/** Issuer and audience: a token of something else that happens to have the key is none of ours. */
const ORDINAUT = 'ordinaut';
export const ACCESS_SECONDS = 3_600;
export const REFRESH_SECONDS = 30 * 86_400;

/** What a token says. */
export interface TokenClaims {
  /** Id of the user or agent. */
  readonly principalId: string;
  readonly sessionId: string;
  readonly tokenId: string;
  readonly scopes: readonly string[];
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

export type TokenType = 'access' | 'refresh';

/** Signs and checks tokens: JWT (RFC 7519) with HS256, and with nothing else. */
export class AccessTokens {
  readonly #keys: () => Promise<KeyRing>;
  readonly #clock: Clock;

  /** @param deps.keys the first signs, all of them check. */
  constructor(deps: { keys: () => Promise<KeyRing>; clock: Clock }) {
    this.#keys = deps.keys;
    this.#clock = deps.clock;
  }

  async sign(
    type: TokenType,
    about: { principalId: string; sessionId: string; scopes: readonly string[]; tokenId?: string },
  ): Promise<string> {
    const { SignJWT } = await import('jose');
    const { current } = await this.#keys();
    const now = Math.floor(this.#clock.now() / 1000);
    return new SignJWT({ typ: type, sid: about.sessionId, scopes: [...about.scopes] })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: current.id })
      .setIssuer(ORDINAUT)
      .setAudience(ORDINAUT)
      .setSubject(about.principalId)
      .setJti(about.tokenId ?? newToken(16))
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + (type === 'access' ? ACCESS_SECONDS : REFRESH_SECONDS))
      .sign(current.secret);
  }

  /** @returns what a token says; why it does not count otherwise. */
  async check(token: string, type: TokenType): Promise<TokenClaims | 'expired' | 'invalid'> {
    const { errors, jwtVerify } = await import('jose');
    const keys = await this.#keys();
    try {
      const { payload } = await jwtVerify(token, ({ kid }) => keyOf(keys, kid), {
        algorithms: ['HS256'],
        issuer: ORDINAUT,
        audience: ORDINAUT,
        typ: 'JWT',
        requiredClaims: ['sub', 'exp', 'iat', 'jti', 'sid'],
        currentDate: new Date(this.#clock.now()),
      });
      return readClaims(payload, type) ?? 'invalid';
    } catch (error) {
      return error instanceof errors.JWTExpired ? 'expired' : 'invalid';
    }
  }
}

function keyOf(keys: KeyRing, id: string | undefined): Uint8Array {
  const key = id === undefined ? keys.current : keys.find(id);
  if (key === null) throw new Error('The token is signed with a key that is not known.');
  return key.secret;
}

function readClaims(payload: JWTPayload, type: TokenType): TokenClaims | null {
  const { sub, jti, exp, sid, scopes, typ } = payload;
  if (typ !== type || typeof sub !== 'string' || typeof jti !== 'string' || typeof exp !== 'number') return null;
  if (typeof sid !== 'string' || !Array.isArray(scopes) || !scopes.every((scope) => typeof scope === 'string'))
    return null;
  return { principalId: sub, sessionId: sid, tokenId: jti, scopes, expiresAt: exp * 1000 };
}
