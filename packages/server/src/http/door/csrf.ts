import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ApiError } from '../../kernel/errors.ts';
import { csrfTokenOf } from './session-cookie.ts';

const harmless = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses what another site may have made a browser send along with its cookie. `SameSite=Strict` keeps most of it away already; a
 * change has to carry the token besides, which only a page of ours can read, and a WebSocket has to come from a page of ours.
 *
 * @throws ApiError `forbidden`
 */
export function refuseForgedRequests(
  { method = '', headers }: IncomingMessage,
  session: string,
  isUpgrade: boolean,
): void {
  if (isUpgrade) {
    if (headers.origin !== undefined) return;
    throw new ApiError('forbidden', 'A WebSocket with the cookie of a session needs an Origin.', {
      details: { header: 'Origin' },
    });
  }
  if (harmless.has(method)) return;
  const given = Buffer.from(String(headers['x-csrf-token'] ?? ''));
  const wanted = Buffer.from(csrfTokenOf(session));
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return;
  throw new ApiError(
    'forbidden',
    'A change with the cookie of a session needs the header X-CSRF-Token, with csrf_token of GET /auth/session.',
    { details: { header: 'X-CSRF-Token' } },
  );
}
