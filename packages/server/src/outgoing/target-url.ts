import { RunFailure } from '../kernel/errors.ts';

/**
 * Reads the target of a request: an absolute `http:` or `https:` URL without credentials.
 *
 * @param base where a redirect was answered; its `Location` may be relative.
 * @throws RunFailure `permission_denied` for another scheme and for credentials; for text that is no URL `input_invalid`, or
 *   `http_rejected` where the other side has sent it.
 */
export function targetUrl(text: string, base?: URL): URL {
  if (!URL.canParse(text, base)) {
    const shown = JSON.stringify(withoutCredentials(text).slice(0, 200));
    throw base
      ? new RunFailure('http_rejected', `${base.origin}${base.pathname} redirects to ${shown}, which is no URL.`)
      : new RunFailure('input_invalid', `${shown} is no URL.`);
  }
  const url = new URL(text, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new RunFailure('permission_denied', `Requests to ${url.protocol} URLs are not allowed: use http: or https:.`);
  }
  if (url.username !== '' || url.password !== '') {
    // A password in a URL ends up in logs and records, and user@host is a favourite disguise.
    const sentence = `The URL of ${url.host} holds credentials, which is not allowed: put them into an Authorization header.`;
    throw new RunFailure('permission_denied', sentence);
  }
  return url;
}

/** What cannot be parsed may hold a password all the same: everything up to the last @ goes. */
const withoutCredentials = (text: string): string => text.replace(/^.*@/s, '…@');
