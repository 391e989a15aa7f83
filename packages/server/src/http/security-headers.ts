/**
 * What stands on every response. For data that is enough: no browser takes it for a page, a script or a frame, and no other
 * site may embed it.
 */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
};

/** What stands besides on everything a browser may show or run. The page at `/docs` works under it: nothing from outside. */
export const documentHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; font-src 'self' data:; object-src 'none'; base-uri 'none'; " +
    "form-action 'self'; frame-ancestors 'none'",
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

/** Browsers come encrypted from now on, for a year (RFC 6797); told over HTTPS only, where it counts. */
const overHttps: Readonly<Record<string, string>> = {
  ...securityHeaders,
  'strict-transport-security': 'max-age=31536000',
};

/** What stands on every response to a request that came encrypted, or did not. */
export const securityHeadersFor = (secure: boolean): Readonly<Record<string, string>> =>
  secure ? overHttps : securityHeaders;
