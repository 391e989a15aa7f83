import { expect, test } from 'vitest';
import { errorBody, errorHeaders, toApiError } from '../../src/http/error-body.ts';
import { ApiError, unavailable } from '../../src/kernel/errors.ts';

const framework = (code: string, statusCode: number) => Object.assign(new Error('inner words'), { code, statusCode });

test('what is not meant for clients becomes internal_error, with nothing of its message', () => {
  for (const thrown of [new Error('password=secret'), 'secret', null, undefined, framework('ECONNREFUSED', 500)]) {
    const known = toApiError(thrown, 1024);
    expect(known.code).toBe('internal_error');
    expect(JSON.stringify(errorBody(known, 'r1'))).not.toMatch(/secret|inner words/);
    expect(known.cause).toBe(thrown);
  }
});

test.each([
  ['FST_ERR_CTP_BODY_TOO_LARGE', 413, 'payload_too_large'],
  ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 415, 'unsupported_media_type'],
  ['FST_ERR_BAD_URL', 400, 'bad_request'],
  ['FST_ERR_NOT_FOUND', 404, 'not_found'],
  ['FST_ERR_OF_A_LATER_VERSION', 400, 'bad_request'],
  ['FST_ERR_OF_A_LATER_VERSION', 418, 'bad_request'],
  ['FST_ERR_OF_A_LATER_VERSION', 500, 'internal_error'],
])('%s with %i is %s', (code, status, expected) => {
  const known = toApiError(framework(code, status), 1024);
  expect(known.code).toBe(expected);
  expect(known.message).not.toContain('inner words');
});

test('an error of the catalogue stays as it is; the retryable ones say when to come back', () => {
  const error = unavailable('The database is away.');
  expect(toApiError(error, 1024)).toBe(error);
  expect(errorHeaders(error)).toEqual({ 'retry-after': '2' });
  expect(errorHeaders(new ApiError('conflict', 'No.'))).toEqual({});
});
