import { type ErrorBody, type HttpErrorCode, httpErrors } from '@ordinaut/contract';
import { ApiError, badRequest, notFound } from '../kernel/errors.ts';

/** The error body of a response. */
export const errorBody = (error: ApiError, requestId: string): ErrorBody => ({
  error: error.code,
  message: error.message,
  details: error.details,
  request_id: requestId,
  timestamp: new Date().toISOString(),
});

/** The headers that go with an error. */
export const errorHeaders = ({ code, retryAfterSeconds, challenge }: ApiError): Record<string, string> => ({
  // RFC 9110 section 15.5.22: a 426 says what to upgrade to, and section 7.8: so does Connection.
  ...(code === 'upgrade_required' && { upgrade: 'websocket', connection: 'upgrade' }),
  ...(retryAfterSeconds === null ? {} : { 'retry-after': String(Math.ceil(retryAfterSeconds)) }),
  ...(challenge === null ? {} : { 'www-authenticate': challenge }),
});

/**
 * What a client is told of anything that was thrown. Errors of the framework get their code from the catalogue; everything
 * that is not meant for clients becomes `internal_error`, with nothing of its message.
 *
 * @param bodyLimit largest body in bytes, for the sentence.
 */
export function toApiError(error: unknown, bodyLimit: number, path = ''): ApiError {
  if (error instanceof ApiError) return error;
  const { code, statusCode } = asFrameworkError(error);
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ApiError('payload_too_large', `The body is larger than ${bodyLimit} bytes. Send less at a time.`, {
        details: { limit_bytes: bodyLimit },
      });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ApiError(
        'unsupported_media_type',
        'The body has to be JSON: send it with `Content-Type: application/json`.',
      );
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return badRequest([{ field: 'Content-Length', issue: 'does not match the length of the body' }]);
    case 'FST_ERR_BAD_URL':
      return badRequest([{ field: 'path', issue: 'is not valid: a percent sign must begin two hexadecimal digits' }]);
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return badRequest([{ field: 'path', issue: 'has a part that is longer than any name here' }]);
    case 'FST_ERR_NOT_FOUND':
      return notFound('path', shorten(path));
    case 'ECONNRESET':
      return badRequest([{ field: '', issue: 'the connection ended before the body did' }]);
  }
  if (statusCode === 404) return notFound('path', shorten(path));
  const known = statusCode < 500 ? codeOfStatus(statusCode) : null;
  if (known !== null) return new ApiError(known, httpErrors[known].sentence, { cause: error });
  return new ApiError('internal_error', httpErrors.internal_error.sentence, { cause: error });
}

/** A path as an error shows it. */
export const shorten = (path: string): string => (path.length > 200 ? `${path.slice(0, 199)}…` : path);

function asFrameworkError(error: unknown): { code: string; statusCode: number } {
  if (!(error instanceof Error)) return { code: '', statusCode: 500 };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const statusCode = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
  return { code, statusCode };
}

/** The code that goes with the status of an error; null where it is none. */
export function codeOfStatus(status: number): HttpErrorCode | null {
  if (status < 400) return null;
  const codes = Object.keys(httpErrors) as HttpErrorCode[];
  const code = codes.find((one) => httpErrors[one].status === status);
  return code ?? (status < 500 ? 'bad_request' : 'internal_error');
}
