import type { FastifyReply, FastifyRequest } from 'fastify';
import { answerHeaders } from './answer-headers.ts';
import { errorBody, errorHeaders, toApiError } from './error-body.ts';

/**
 * The error handler: whatever went wrong, the answer is the error body. What is not meant for clients is logged with the
 * request id and answered as `internal_error`.
 *
 * It sets every header itself, because the framework's own errors come here before any hook ran.
 */
export const answerErrors =
  (bodyLimit: number) =>
  (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const known = toApiError(error, bodyLimit, request.originalUrl);
    if (known.code === 'internal_error') {
      request.log.error({ err: known.cause ?? known }, 'a request failed');
    } else if (known.code === 'unavailable' && known.cause !== undefined) {
      request.log.warn({ err: known.cause }, 'a request could not be answered at the moment');
    }
    return reply
      .code(known.status)
      .headers({
        ...answerHeaders(request.raw),
        ...errorHeaders(known),
        'x-request-id': request.id,
        'cache-control': 'no-store',
      })
      .type('application/json; charset=utf-8')
      .send(JSON.stringify(errorBody(known, request.id)));
  };
