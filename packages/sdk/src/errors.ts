import { type ErrorFacts, type ErrorKind, OrdinautError } from './ordinaut-error.ts';
import { redact } from './redact.ts';

/** An option of the client or of a call is not as it has to be. Nothing was sent. */
export class ConfigurationError extends OrdinautError {
  static override readonly kind: ErrorKind = 'configuration';
  declare readonly kind: 'configuration';
}

/** One field that does not fit the contract. */
export interface FieldIssue {
  /** Path of the field, for example `body.payload.pipeline[2].uses`. */
  readonly field: string;
  /** What is wrong with it, with the value and the way out. */
  readonly issue: string;
}

/** What was to be sent, or what was answered, does not fit the contract. */
export class ValidationError extends OrdinautError {
  static override readonly kind: ErrorKind = 'validation';
  declare readonly kind: 'validation';
  /** `request`: nothing was sent. `response`: the server answered, and what was asked for is done. */
  readonly of: 'request' | 'response';
  readonly issues: readonly FieldIssue[];
  constructor(
    message: string,
    facts: ErrorFacts & { readonly of: 'request' | 'response'; readonly issues: readonly FieldIssue[] },
  ) {
    super(message, facts);
    this.of = facts.of;
    this.issues = facts.issues;
  }
  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), of: this.of, issues: redact(this.issues) };
  }
}

/** The server refuses the request as it is: 400, 405, 413, 415, 431. `details.errors` names the bad fields. */
export class BadRequestError extends OrdinautError {
  static override readonly kind: ErrorKind = 'bad_request';
  declare readonly kind: 'bad_request';
}

/** The server does not accept the credentials, or wants some: 401. */
export class AuthenticationError extends OrdinautError {
  static override readonly kind: ErrorKind = 'authentication';
  declare readonly kind: 'authentication';
}

/** The caller may not do this: 403. `details` has `required_scopes` and `granted_scopes`. */
export class PermissionError extends OrdinautError {
  static override readonly kind: ErrorKind = 'permission';
  declare readonly kind: 'permission';
}

/** There is nothing by this name: 404. */
export class NotFoundError extends OrdinautError {
  static override readonly kind: ErrorKind = 'not_found';
  declare readonly kind: 'not_found';
}

/** It does not fit the present state: 409. */
export class ConflictError extends OrdinautError {
  static override readonly kind: ErrorKind = 'conflict';
  declare readonly kind: 'conflict';
}

/** The pipeline of a handler failed, and nothing came of the request: 422. */
export class PipelineFailedError extends OrdinautError {
  static override readonly kind: ErrorKind = 'pipeline_failed';
  declare readonly kind: 'pipeline_failed';
}

/** Too many requests, and the patience of the client is at its end: 429. */
export class RateLimitError extends OrdinautError {
  static override readonly kind: ErrorKind = 'rate_limit';
  declare readonly kind: 'rate_limit';
}

/** The server failed: 500, 502 and other statuses from 500. */
export class ServerError extends OrdinautError {
  static override readonly kind: ErrorKind = 'server';
  declare readonly kind: 'server';
}

/** The server cannot do this at the moment: 503. */
export class UnavailableError extends OrdinautError {
  static override readonly kind: ErrorKind = 'unavailable';
  declare readonly kind: 'unavailable' | 'partial_outage';
}

/** What does not answer at the moment. */
export interface Outage {
  /** Host and port of the server. */
  readonly host: string;
  /** What it needs for the call: named by the server, or else the resource; null: nothing of the host answers. */
  readonly dependency: string | null;
}

/**
 * Something the server needs failed again and again, while the rest may well work: 503 after every attempt, or an open circuit
 * (`status` null: then nothing was sent; where `attempts` has some, nothing more, and `cause` is what came of the last).
 */
export class PartialOutageError extends UnavailableError {
  static override readonly kind: ErrorKind = 'partial_outage';
  declare readonly kind: 'partial_outage';
  readonly affected: Outage;
  constructor(message: string, facts: ErrorFacts & { readonly affected: Outage }) {
    super(message, facts);
    this.affected = facts.affected;
  }
  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), affected: this.affected };
  }
}

/** No answer came: the server cannot be reached, or the connection broke. `details.reason` is what the system says, like `ECONNREFUSED`. */
export class ConnectionError extends OrdinautError {
  static override readonly kind: ErrorKind = 'connection';
  declare readonly kind: 'connection';
}

/** The answer was not there in time. */
export class TimeoutError extends OrdinautError {
  static override readonly kind: ErrorKind = 'timeout';
  declare readonly kind: 'timeout';
  /** `attempt`: the last of the attempts took too long. `call`: the deadline of the whole call passed. */
  readonly of: 'attempt' | 'call';
  constructor(message: string, facts: ErrorFacts & { readonly of: 'attempt' | 'call' }) {
    super(message, facts);
    this.of = facts.of;
  }
}

/** The caller's signal, or `close`, ended the call. `cause` is the reason of the signal. Its `name` is that of the web: `AbortError`. */
export class AbortedError extends OrdinautError {
  static override readonly kind: ErrorKind = 'aborted';
  declare readonly kind: 'aborted';
  declare readonly name: 'AbortError';
}

/** Something answers, but not as Ordinaut does: most often `baseUrl` leads elsewhere. */
export class UnexpectedAnswerError extends OrdinautError {
  static override readonly kind: ErrorKind = 'unexpected_answer';
  declare readonly kind: 'unexpected_answer';
}
