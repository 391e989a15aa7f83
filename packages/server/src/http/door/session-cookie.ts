import { createHmac } from 'node:crypto';
import { parseCookie, stringifySetCookie } from 'cookie';

/**
 * The prefix makes browsers refuse the cookie without `Secure`, for another path or for a whole domain (RFC 6265bis section
 * 4.1.3.2). Over plain HTTP, which loopback is, they would refuse it altogether.
 */
const nameFor = (isSecure: boolean): string => (isSecure ? '__Host-ordinaut' : 'ordinaut_session');

/** What the cookie of a session holds; null where there is none. */
export const readSessionCookie = (header: string, isSecure: boolean): string | null =>
  parseCookie(header)[nameFor(isSecure)] ?? null;

/** The header that gives a browser its session: scripts cannot read it, and no other site can send it. */
export const sessionCookie = (value: string, options: { isSecure: boolean; expires: Date }): string =>
  stringifySetCookie({
    name: nameFor(options.isSecure),
    value,
    httpOnly: true,
    sameSite: 'strict',
    secure: options.isSecure,
    path: '/',
    expires: options.expires,
  });

/** The header that takes it back. */
export const endedCookie = (isSecure: boolean): string => sessionCookie('', { isSecure, expires: new Date(0) });

/** What a page has to send as `X-CSRF-Token`: it comes of the session and does not give it away. */
export const csrfTokenOf = (session: string): string =>
  createHmac('sha256', session).update('csrf').digest('base64url');
