import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ApiError } from '../../kernel/errors.ts';
import { isHarmless } from '../harmless-methods.ts';
import { isOriginOf } from './foreign-sites.ts';
import { csrfTokenOf } from './session-cookie.ts';

/**
 * Refuses what another site may have made a browser send along with its cookie. `SameSite=Strict` keeps most of it away already; a
 * change has to carry the token besides, which only a page of ours can read, and a WebSocket has to come from a page of ours.
 *
 * @throws ApiError `forbidden`
 */
export function refuseForgedRequests(request: IncomingMessage, session: string, isUpgrade: boolean): void {
  const { headers } = request;
  if (isUpgrade) {
    // `SameSite` leaves ports aside: a page at another port of this host is none of ours.
    if (headers.origin !== undefined && isOriginOf(headers.origin, headers.host)) return;
    throw new ApiError('forbidden', 'A WebSocket with the cookie of a session needs the Origin of this server.', {
      details: { header: 'Origin' },
    });
  }
  if (isHarmless(request)) return;
  const given = Buffer.from(String(headers['x-csrf-token'] ?? ''));
  const wanted = Buffer.from(csrfTokenOf(session));
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
  throw new ApiError(
    'forbidden',
    'A change with the cookie of a session needs the header X-CSRF-Token, with csrf_token of GET /auth/session.',
    { details: { header: 'X-CSRF-Token' } },
  );
}
