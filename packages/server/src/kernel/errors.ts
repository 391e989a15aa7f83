import {
  type FieldIssue,
  type HttpErrorCode,
  httpErrors,
  type RunError,
  type RunErrorCode,
  runErrors,
} from '@ordinaut/contract';

/** An error that a client is told as it stands: code, status and sentence from the catalogue, details from the caller. */
export class ApiError extends Error {
  readonly code: HttpErrorCode;
  readonly details: Record<string, unknown>;
  /** Seconds for `Retry-After`; set on retryable codes. */
  readonly retryAfterSeconds: number | null;
  /** For `WWW-Authenticate`; set on `unauthorized`. */
  readonly challenge: string | null;

  constructor(
    code: HttpErrorCode,
    message: string,
    options: {
      details?: Record<string, unknown>;
      retryAfterSeconds?: number;
      challenge?: string;
      cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ApiError';
    this.code = code;
    this.details = options.details ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds ?? (httpErrors[code].retryable ? 1 : null);
    // RFC 9110 section 15.5.2: a 401 always says how to do better.
    this.challenge = options.challenge ?? (code === 'unauthorized' ? 'Bearer realm="ordinaut"' : null);
  }

  get status(): number {
    return httpErrors[this.code].status;
  }
}

/** A 400 that names every bad field at once; the first is repeated as `details {field, issue}`. */
export function badRequest(issues: readonly FieldIssue[]): ApiError {
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  const message = first ? `${first.field || 'body'}: ${first.issue}${more}` : httpErrors.bad_request.sentence;
  return new ApiError('bad_request', message, { details: { ...first, errors: issues } });
}

export const notFound = (what: string, id: string): ApiError =>
  new ApiError('not_found', `There is no ${what} ${id}.`, { details: { what, id } });

export const conflict = (message: string, details: Record<string, unknown> = {}): ApiError =>
  new ApiError('conflict', message, { details });

export const unavailable = (message: string, cause?: unknown): ApiError =>
  new ApiError('unavailable', message, { cause, retryAfterSeconds: 2 });

/** What the server itself depends on. */
export type Dependency = 'database' | 'redis';

/** The same where something the server depends on is away; clients are told what, so that they spare it and nothing else. */
export const dependencyAway = (dependency: Dependency, message: string, cause?: unknown): ApiError =>
  new ApiError('unavailable', message, { details: { dependency }, cause, retryAfterSeconds: 2 });

/** Whether an error says that the same may succeed later: the store is away. */
export const isUnavailable = (error: unknown): boolean => error instanceof ApiError && error.code === 'unavailable';

/** A failure of a step or run, with a code from the run errors of the catalogue. */
export class RunFailure extends Error {
  readonly code: RunErrorCode;
  readonly stepId: string | null;

  constructor(code: RunErrorCode, message: string, options: { stepId?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RunFailure';
    this.code = code;
    this.stepId = options.stepId ?? null;
  }

  get retryable(): boolean {
    return runErrors[this.code].retryable;
  }

  toRunError(stepId: string | null = this.stepId): RunError {
    return { code: this.code, message: this.message, step_id: stepId };
  }
}

/** The sentence of anything that was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
