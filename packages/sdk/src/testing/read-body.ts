import { type FieldIssue, type Operation, operations } from '@ordinaut/contract';
import { checkValue } from './check-value.ts';
import type { ExchangeRequest } from './exchange.ts';
import { badRequest, TestError } from './test-error.ts';

const BODY_LIMIT = 1_048_576;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What of a body does not fit its operation; nothing for an operation that is not in the table. */
export function bodyIssues(id: string, value: unknown): FieldIssue[] {
  const { body }: Partial<Operation> = Object.entries(operations).find(([name]) => name === id)?.[1] ?? {};
  return body === undefined ? [] : checkValue(body, value);
}

/** Lists whose entries are looked at one by one, by whoever handles them. */
const oneByOne = /^alerts\[/;

/** The body of a request; undefined where there is none. @throws TestError `bad_request`, `unsupported_media_type`, `payload_too_large` */
export function parseBody(operation: Operation, { body, headers }: ExchangeRequest): unknown {
  const takesAny = 'anyBody' in operation;
  const value =
    body === null || body.byteLength === 0 ? undefined : parse(body, headers['content-type'] ?? '', takesAny);
  const isEmpty =
    value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);
  if (operation.body === undefined) {
    if (isEmpty) return undefined;
    throw badRequest([{ field: '', issue: 'this operation takes no body' }]);
  }
  if (value === undefined && operation.bodyOptional !== true)
    throw badRequest([
      { field: '', issue: 'the body is missing; send a JSON object with `Content-Type: application/json`' },
    ]);
  return value;
}

/** Holds a body against the contract. @throws TestError `bad_request` with every field that does not fit. */
export function checkBody({ body: schema }: Operation, value: unknown): void {
  if (schema === undefined || value === undefined) return;
  const issues = checkValue(schema, value).filter(({ field }) => !oneByOne.test(field));
  if (issues.length > 0) throw badRequest(issues);
}

function parse(body: Uint8Array, type: string, takesAny: boolean): unknown {
  const isJson = /^application\/json\b/i.test(type);
  if (!isJson && takesAny)
    return type.startsWith('text/')
      ? utf8.decode(body)
      : btoa(Array.from(body, (byte) => String.fromCharCode(byte)).join(''));
  if (!isJson)
    throw new TestError(
      'unsupported_media_type',
      'The body has to be JSON: send it with `Content-Type: application/json`.',
    );
  if (body.byteLength > BODY_LIMIT)
    throw new TestError('payload_too_large', `The body is larger than ${BODY_LIMIT} bytes. Send less at a time.`, {
      limit_bytes: BODY_LIMIT,
    });
  try {
    return JSON.parse(utf8.decode(body));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw badRequest([{ field: '', issue: `the body is not valid JSON: ${message}` }]);
  }
}
