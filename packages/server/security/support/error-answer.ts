import { type HttpErrorCode, httpErrors } from '@ordinaut/contract';

/** An answer as it came over the wire. */
export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

const fields = 'details,error,message,request_id,timestamp';
/** A line of a stack, or a file of ours: nothing that a client has to see. */
const inside =
  /\n\s+at |node:internal|node_modules|\bat [\w.<>$]+ \([^)]*:\d+:\d+\)|file:\/\/\/\S+\.[jt]s|\/src\/\S+\.ts:\d/;
/** Where the status says more to proxies than the catalogue has codes for; see `client-error.ts`. */
const besides: Readonly<Record<number, HttpErrorCode>> = { 408: 'timeout', 431: 'bad_request' };

/** What is not as it has to be with any answer; empty: nothing. */
export function faultsOf({ status, headers, text }: Answered, isHead = false): string[] {
  const faults: string[] = [];
  const wants = (name: string, value: string | RegExp) => {
    const given = String(headers[name] ?? '');
    if (typeof value === 'string' ? given !== value : !value.test(given))
      faults.push(`${name} is ${JSON.stringify(given)}`);
  };
  wants('x-content-type-options', 'nosniff');
  wants('content-security-policy', /^default-src '(none|self)';.*frame-ancestors 'none'/);
  wants('cross-origin-resource-policy', 'same-origin');
  wants('x-request-id', /^[\x21-\x7e]{1,128}$/);
  if (status < 400) return faults;
  wants('content-type', 'application/json; charset=utf-8');
  if (status >= 500) faults.push(`the status is ${status}`);
  if (isHead) return text === '' ? faults : [...faults, 'an answer to HEAD has a body'];
  return [...faults, ...faultsOfBody(status, text, String(headers['x-request-id']))];
}

function faultsOfBody(status: number, text: string, requestId: string): string[] {
  if (inside.test(text)) return [`the body tells of our inside: ${text.slice(0, 500)}`];
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return [`the body is no JSON: ${text.slice(0, 200)}`];
  }
  if (typeof body !== 'object' || body === null || Object.keys(body).sort().join() !== fields)
    return [`the body is ${text.slice(0, 200)}`];
  const { error, message, details, request_id, timestamp } = body as Record<string, unknown>;
  const faults: string[] = [];
  const entry = Object.hasOwn(httpErrors, String(error)) ? httpErrors[error as HttpErrorCode] : null;
  if (entry?.status !== status && besides[status] !== error) faults.push(`${error} came with ${status}`);
  if (typeof message !== 'string' || message === '') faults.push(`message is ${JSON.stringify(message)}`);
  if (typeof details !== 'object' || details === null || Array.isArray(details))
    faults.push(`details is ${JSON.stringify(details)}`);
  if (request_id !== requestId) faults.push(`request_id is ${JSON.stringify(request_id)}, the header ${requestId}`);
  if (Number.isNaN(Date.parse(String(timestamp)))) faults.push(`timestamp is ${JSON.stringify(timestamp)}`);
  return faults;
}
