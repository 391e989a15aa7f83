import {
  AuthenticationError,
  BadRequestError,
  ConflictError,
  NotFoundError,
  PermissionError,
  PipelineFailedError,
  RateLimitError,
  ServerError,
  UnavailableError,
  UnexpectedAnswerError,
} from '../errors.ts';
import type { ErrorFacts, OrdinautError } from '../ordinaut-error.ts';

const classes: Readonly<Record<number, new (message: string, facts?: ErrorFacts) => OrdinautError>> = {
  401: AuthenticationError,
  403: PermissionError,
  404: NotFoundError,
  409: ConflictError,
  422: PipelineFailedError,
  429: RateLimitError,
  503: UnavailableError,
};

export const retryableStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** The error of an answer that is none of success. */
export function answerError(response: Response, text: string, facts: ErrorFacts): OrdinautError {
  const { status } = response;
  const body = errorBodyOf(text);
  const known: ErrorFacts = {
    ...facts,
    status,
    requestId: response.headers.get('x-request-id') ?? body?.requestId ?? null,
    retryable: facts.retryable ?? retryableStatuses.has(status),
    ...(body !== null && { code: body.code, details: body.details, body: body.body }),
  };
  if (status < 400) {
    const where = response.headers.get('location');
    return new UnexpectedAnswerError(
      `The answer leads elsewhere (HTTP ${status}${where === null ? '' : ` to ${where}`}). baseUrl has to be the address of the server itself.`,
      { ...known, details: where === null ? {} : { location: where } },
    );
  }
  const message = body?.message ?? `The answer is HTTP ${status}, and its body is no error of Ordinaut.`;
  const Kind = classes[status] ?? (status >= 500 ? ServerError : BadRequestError);
  return new Kind(message, known);
}

/** The error body of the server; null where it is another's. */
function errorBodyOf(text: string) {
  const body = parse(text);
  if (!isRecord(body) || typeof body.error !== 'string' || typeof body.message !== 'string') return null;
  return {
    code: body.error,
    message: body.message,
    details: isRecord(body.details) ? body.details : {},
    requestId: typeof body.request_id === 'string' ? body.request_id : null,
    body,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
