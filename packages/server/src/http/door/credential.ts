import type { IncomingHttpHeaders } from 'node:http';
import type { Credential } from '../../identity/authenticator.ts';
import { ApiError } from '../../kernel/errors.ts';
import { readSessionCookie } from './session-cookie.ts';

const LONGEST = 8_192;
const bearer = /^bearer +([\x21-\x7e]+) *$/i;

/**
 * What a request shows of itself: `Authorization: Bearer`, or else `X-API-Key`, or else the cookie of a session.
 *
 * @returns null where it shows nothing.
 * @throws ApiError `unauthorized` for an `Authorization` that is no bearer token.
 */
export function readCredential(headers: IncomingHttpHeaders, isSecure: boolean): Credential | null {
  const { authorization, 'x-api-key': key, cookie } = headers;
  if (authorization !== undefined) {
    const text = bearer.exec(authorization)?.[1];
    if (text !== undefined && text.length <= LONGEST) return { kind: 'bearer', text };
    throw new ApiError('unauthorized', 'Authorization has to be "Bearer", a space, and an access token or API key.', {
      details: { required_scopes: [] },
    });
  }
  if (key !== undefined) return { kind: 'api_key', text: String(key).trim().slice(0, LONGEST) };
  const session = cookie === undefined ? null : readSessionCookie(cookie, isSecure);
  return session === null ? null : { kind: 'cookie', text: session };
}
