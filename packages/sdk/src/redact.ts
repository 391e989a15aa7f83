const SECRET_NAME = /password|passwd|secret|token|api_?key|authorization|cookie|credential/i;
/**
 * Access tokens (JWT), bearer headers, and the secrets that the server makes. The parts of a token have a limit, so that a long text that
 * only begins like tokens is not gone through again from each of them.
 */
const SECRET_TEXT = /\beyJ[\w-]{5,512}\.[\w-]{1,8192}\.[\w-]+|\b(?:Bearer|Basic)\s+\S+|\bord[a-z]{1,3}_[\w-]{8,}/g;

export const REDACTED = '[redacted]';

/** A copy without what looks like credentials, by name or by form. Deeper than 8 levels nothing is copied. */
export function redact<T>(value: T): T {
  return copy(value, 0) as T;
}

function copy(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.replace(SECRET_TEXT, REDACTED);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 8) return '[deep]';
  if (Array.isArray(value)) return value.map((item) => copy(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      SECRET_NAME.test(name) && (typeof field === 'string' || typeof field === 'object') && field !== null
        ? REDACTED
        : copy(field, depth + 1),
    ]),
  );
}
