import { element } from './element.js';
import { includesScope } from './scopes.js';

/** What the server answers instead of what it was asked for. */
export class Refusal extends Error {
  constructor(response, body) {
    super(body?.message ?? `The server answers ${response.status}.`);
    this.status = response.status;
    this.details = body?.details ?? {};
    /** Seconds until the same may be tried again; null where the server says nothing of it. */
    this.retryAfter = Number(response.headers.get('retry-after')) || null;
  }

  /** The scopes that the caller lacks; none where it is not for a scope that it was refused. */
  get missingScopes() {
    const { required_scopes: required = [], granted_scopes: granted = [] } = this.details;
    return this.status === 403 ? required.filter((scope) => !includesScope(granted, scope)) : [];
  }

  /** Whether the browser has another session since, as after signing in in another window. */
  get isStaleToken() {
    return this.status === 403 && this.details.header === 'X-CSRF-Token';
  }
}

/** What went wrong, in a sentence. */
export function sentenceOf(error) {
  if (error.name === 'TimeoutError') return 'The server does not answer.';
  return error instanceof TypeError ? 'The server cannot be reached.' : error.message;
}

/** What is missing, by the names that the docs and whoever manages users know it by. */
export const scopesNeeded = (scopes) => [
  `needs the scope${scopes.length > 1 ? 's' : ''} `,
  ...scopes.flatMap((scope, index) => [index === 0 ? '' : ', ', element('code', {}, scope)]),
  ', which you do not have.',
];
