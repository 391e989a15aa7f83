import { ConfigurationError, ConnectionError } from '../errors.ts';
import type { ErrorFacts } from '../ordinaut-error.ts';

/** What OpenSSL says of a certificate that this machine has no reason to trust. */
const untrusted = /SELF_SIGNED|UNABLE_TO_(GET_ISSUER|VERIFY)|CERT_|ERR_TLS_CERT/;

/** What `fetch` of Node says of a header it does not send, as one of the connection or a length that is none of the body. */
const refused = /^UND_ERR_(INVALID_ARG|NOT_SUPPORTED|REQ_)/;

/** The error for a request that got no answer; a ConfigurationError where `fetch` has not sent it. */
export function connectionError(cause: unknown, base: URL, facts: ErrorFacts): ConnectionError | ConfigurationError {
  const reason = reasonOf(cause);
  if (refused.test(reason)) {
    return new ConfigurationError(`A header is not one that can be sent (${reason}).`, { ...facts, cause });
  }
  const isUntrusted = untrusted.test(reason);
  const message = isUntrusted
    ? `This machine does not trust the certificate of ${base.origin} (${reason}). Name it, or who has signed it, in NODE_EXTRA_CA_CERTS.`
    : `No answer came from ${base.origin}${reason === '' ? '' : ` (${reason})`}.`;
  return new ConnectionError(message, { ...facts, retryable: !isUntrusted, cause });
}

/** The innermost code or message: `fetch` itself only says that it failed. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reasonOf(error.cause);
  return 'code' in error ? String(error.code) : error.message;
}
