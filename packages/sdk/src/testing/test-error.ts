import { type ErrorBody, type FieldIssue, type HttpErrorCode, httpErrors } from '@ordinaut/contract';

/** An error as a client is told it: the code from the catalogue, the rest in the words of the server. */
export class TestError extends Error {
  readonly code: HttpErrorCode;
  readonly details: Record<string, unknown>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: HttpErrorCode,
    message: string = httpErrors[code].sentence,
    details: Record<string, unknown> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'TestError';
    this.code = code;
    this.details = details;
    this.headers = {
      ...(httpErrors[code].retryable && { 'retry-after': '1' }),
      ...(code === 'unauthorized' && { 'www-authenticate': 'Bearer realm="ordinaut"' }),
      ...headers,
    };
  }

  get status(): number {
    return httpErrors[this.code].status;
  }
}

/** A 400 that names every bad field at once; the first is repeated as `details {field, issue}`. */
export function badRequest(issues: readonly FieldIssue[]): TestError {
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  const message = first ? `${first.field || 'body'}: ${first.issue}${more}` : httpErrors.bad_request.sentence;
  return new TestError('bad_request', message, { ...first, errors: issues });
}

export const notFound = (what: string, id: string): TestError =>
  new TestError('not_found', `There is no ${what} ${id}.`, { what, id });

export const conflict = (message: string, details: Record<string, unknown> = {}): TestError =>
  new TestError('conflict', message, details);

export const errorBody = (
  error: Pick<TestError, 'code' | 'message' | 'details'>,
  requestId: string,
  now: number,
): ErrorBody => ({
  error: error.code,
  message: error.message,
  details: error.details,
  request_id: requestId,
  timestamp: new Date(now).toISOString(),
});

/** The code that goes with the status of an error. */
export function codeOfStatus(status: number): HttpErrorCode {
  const codes = Object.keys(httpErrors) as HttpErrorCode[];
  return codes.find((code) => httpErrors[code].status === status) ?? (status < 500 ? 'bad_request' : 'internal_error');
}
