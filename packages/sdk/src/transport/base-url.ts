import { ConfigurationError } from '../errors.ts';

/**
 * Checks where the server is.
 *
 * @returns origin and path, without a slash at the end.
 * @throws ConfigurationError for what is no address, has more than one needs, or would send credentials in the clear.
 */
export function readBaseUrl(text: string, { allowInsecureHttp }: { allowInsecureHttp: boolean }): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new ConfigurationError(`baseUrl "${text}" is no address. Write it like "https://ordinaut.example:8443".`);
  }
  if (url.username + url.password + url.search + url.hash !== '') {
    // Not shown: it may be a password.
    throw new ConfigurationError('baseUrl must have no name, password, query or fragment in it.');
  }
  if (url.protocol === 'http:' && !allowInsecureHttp && !isPrivate(url.hostname)) {
    throw new ConfigurationError(
      `baseUrl "${text}" would send credentials unencrypted to ${url.hostname}. Use https://, or set allowInsecureHttp.`,
    );
  }
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}

/** Loopback and private ranges (RFC 1918, 3927, 4193, 4291, 6761). A name may lead anywhere, and is none of them. */
export function isPrivate(host: string): boolean {
  return (
    /(^|\.)localhost$/.test(host) ||
    // Addresses are written with four numbers by now, and no name ends with one.
    /^(127|10|192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))(\.\d+)+$/.test(host) ||
    /^\[(::1|f[cd][0-9a-f]{2}:.*|fe[89ab][0-9a-f]:.*)\]$/.test(host)
  );
}
