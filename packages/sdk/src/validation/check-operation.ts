import { type Operation, operations } from '@ordinaut/contract';
import type { FieldIssue } from '../errors.ts';
import type { RequestParts } from '../transport/outgoing-request.ts';
import { checkSchema, type Schema } from './check-schema.ts';

const table: Readonly<Record<string, Operation>> = operations;

/** What of a request does not fit the contract; nothing for an operation that this version of it does not know. */
export function requestIssues(id: string, { params, query, body }: RequestParts): FieldIssue[] {
  const operation = table[id];
  if (operation === undefined) return [];
  const isLeftOut = body === undefined && (operation.bodyOptional ?? false);
  return [
    ...checkSchema(operation.params ?? {}, params),
    ...checkSchema(operation.query ?? {}, query),
    ...(isLeftOut ? [] : checkSchema(operation.body ?? {}, body)),
  ];
}

/** What of an answer does not fit the contract. */
export function answerIssues(id: string, status: number, data: unknown): FieldIssue[] {
  return checkSchema(schemaOf(id, status) ?? {}, data);
}

function schemaOf(id: string, status: number): Schema | undefined {
  const operation = table[id];
  if (operation === undefined) return undefined;
  const also: unknown = Reflect.get(operation, 'alsoSuccess');
  const success = [operation.success, also].find((one) => Reflect.get(Object(one), 'status') === status);
  return Reflect.get(Object(success), 'schema');
}
