import { ConnectionError } from '../errors.ts';
import type { ErrorFacts } from '../ordinaut-error.ts';

/** What OpenSSL says of a certificate that this machine has no reason to trust. */
const untrusted = /SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|CERT_/;

/** What `fetch` of Node says of a header that it does not send, as one of the connection or a length that is none of the body. */
const refused = /^UND_ERR_(INV|NOT|REQ)/;

/** The error for a request that got no answer: `retryable`, unless its reason is on this side. */
export function connectionError(cause: unknown, base: URL, facts: ErrorFacts): ConnectionError {
  const reason = reasonOf(cause);
  const isUntrusted = untrusted.test(reason);
  const message = isUntrusted
    ? `This machine does not trust the certificate of ${base.origin} (${reason}). Name it, or who has signed it, in NODE_EXTRA_CA_CERTS.`
    : `No answer came from ${base.origin}${reason === '' ? '' : ` (${reason})`}.`;
  const retryable = !isUntrusted && !refused.test(reason);
  return new ConnectionError(message, { ...facts, retryable, details: { reason }, cause });
}

/** The innermost code or message: `fetch` itself only says that it failed. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reasonOf(error.cause);
  return 'code' in error ? String(error.code) : error.message;
}
