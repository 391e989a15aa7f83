import type { Operation } from '@ordinaut/contract';
import type { Schema } from './schema.ts';

/** An operation as a method of a resource. */
export interface OperationShape {
  readonly id: string;
  readonly operation: Operation;
  /** Where it stands: `client.<resource>.<method>`. */
  readonly resource: string;
  readonly method: string;
  /** Names of the parameters in the path, in their order. */
  readonly params: readonly string[];
  readonly query: 'none' | 'optional' | 'required';
  readonly body: 'none' | 'optional' | 'required';
  /** What may come back, by the statuses of success. */
  readonly answers: readonly Schema[];
  /** The schema of the items, where the answer of a GET is a list. */
  readonly item: Schema | undefined;
}

/** Operations that stand elsewhere than their id says. */
const elsewhere: Readonly<Record<string, readonly [resource: string, method: string]>> = {
  'auth.create_api_key': ['apiKeys', 'create'],
  'auth.list_api_keys': ['apiKeys', 'list'],
  'auth.revoke_api_key': ['apiKeys', 'revoke'],
};

export const describeOperations = (operations: Readonly<Record<string, Operation>>): OperationShape[] =>
  Object.entries(operations).map(([id, operation]) => {
    const [prefix = '', ...rest] = id.split('.');
    const [resource, method] = elsewhere[id] ?? [camelCase(prefix), camelCase(rest.join('_'))];
    const query = schemaOf(operation.query);
    const answers = [operation.success, Reflect.get(operation, 'alsoSuccess')]
      .map((success) => schemaOf(success?.schema))
      .filter((schema) => schema !== undefined);
    const items = operation.method === 'GET' ? answers[0]?.properties?.items : undefined;
    return {
      id,
      operation,
      resource,
      method,
      params: [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ''),
      query: query === undefined ? 'none' : (query.required ?? []).length > 0 ? 'required' : 'optional',
      body: operation.body === undefined ? 'none' : operation.bodyOptional ? 'optional' : 'required',
      answers: [...new Set(answers)],
      item: items?.type === 'array' ? items.items : undefined,
    };
  });

// TypeBox schemas are JSON Schema; their own types do not say so.
const schemaOf = (schema: object | undefined): Schema | undefined => schema;

export const camelCase = (name: string): string =>
  name.replace(/[_-](\w)/g, (_, letter: string) => letter.toUpperCase());
