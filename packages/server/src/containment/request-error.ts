import { RequestError } from '@ordinaut/kit';
import { ApiError } from '../kernel/errors.ts';

/** An error of the server as extensions and plugins know it; everything else as it is. */
export const toRequestError = (error: unknown): unknown =>
  error instanceof ApiError ? new RequestError(error.code, error.message, error.details) : error;
