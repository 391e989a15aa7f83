import type { Operation } from '@ordinaut/contract';
import fc from 'fast-check';
import type { TSchema } from 'typebox';
import { type Written, writeJson } from './json-text.ts';
import type { KnownThings } from './known-things.ts';
import { fitting, type Json, type Seeds } from './schema-arbitrary.ts';
import {
  headerTwist,
  pathTwist,
  percentEncoded,
  queryTwist,
  rawPathPart,
  type Twist,
  textTwist,
  twistText,
  twistValue,
  valueTwist,
} from './twists.ts';

/** A request to an operation as it is generated. */
export interface Plan {
  readonly params: Readonly<Record<string, Json>>;
  readonly query: Readonly<Record<string, Json>>;
  /** Null: none. */
  readonly body: Json;
  readonly prefix: string;
  /** Where it says that it comes from: the server counts failed logins by it. */
  readonly address: string;
  readonly twists: readonly Twist[];
}

/** The same as it is sent. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

export interface PlanSeeds {
  readonly params: Seeds;
  readonly query: Seeds;
  readonly body: Seeds;
}

/**
 * Requests to an operation: a third fits its schemas, the others have one thing wrong or several.
 *
 * @param options.seldom an operation that takes long when all is well: one in thirty fits.
 */
export function plans(operation: Operation, options: { seeds: PlanSeeds; seldom: boolean }): fc.Arbitrary<Plan> {
  const { seeds, seldom } = options;
  const part = (schema: TSchema | undefined, names: Seeds) =>
    schema === undefined ? fc.constant({}) : fitting(schema, names);
  const body =
    operation.body === undefined
      ? fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constant({}) })
      : operation.bodyOptional
        ? fc.oneof({ weight: 3, arbitrary: fitting(operation.body, seeds.body) }, fc.constant(null))
        : fitting(operation.body, seeds.body);
  const inBody = operation.body === undefined ? 2 : 6;
  const twist = fc.oneof(
    { weight: operation.params === undefined ? 0 : 3, arbitrary: pathTwist },
    { weight: operation.query === undefined ? 1 : 4, arbitrary: queryTwist },
    { weight: inBody, arbitrary: valueTwist },
    { weight: inBody / 2, arbitrary: textTwist },
    { weight: seldom ? 1 : 3, arbitrary: headerTwist },
  );
  return fc.record({
    params: part(operation.params, seeds.params) as fc.Arbitrary<Plan['params']>,
    query: part(operation.query, seeds.query) as fc.Arbitrary<Plan['query']>,
    body: body as fc.Arbitrary<Json>,
    prefix: fc.constantFrom('', '/api/v1'),
    address: fc.ipV4(),
    twists: fc.oneof(
      { weight: seldom ? 1 : 10, arbitrary: fc.constant([]) },
      { weight: seldom ? 23 : 16, arbitrary: fc.tuple(twist) },
      { weight: seldom ? 6 : 4, arbitrary: fc.array(twist, { minLength: 2, maxLength: 4 }) },
    ),
  });
}

/** The request that a plan stands for, with the names of what there is. */
export function toRequest(operation: Operation, plan: Plan, known: KnownThings): Asked {
  const { prefix, twists } = plan;
  const params = Object.entries(known.fill(plan.params));
  const query = Object.entries(known.fill(plan.query)).map(([key, value]) => [key, String(value)] as const);
  let value: Written | undefined = plan.body === null ? undefined : known.fill(plan.body);
  let headers: Record<string, string> = {};
  let bytes: Buffer | null = null;
  let path = operation.path;
  for (const [index, twist] of twists.entries()) {
    switch (twist.part) {
      case 'path':
        if (params.length > 0) {
          const [name] = params[twist.at % params.length]!;
          // Encoded as it has to be, or not.
          const part = twist.at % 2 === 0 ? percentEncoded(twist.text) : rawPathPart(twist.text);
          path = path.replace(`{${name}}`, () => part.slice(0, 2000));
        }
        break;
      case 'query':
        if (twist.action === 'only') query.length = 0;
        query.push([twist.key, twist.text]);
        if (twist.action === 'twice') query.push([twist.key, twist.text]);
        break;
      case 'value':
        value = twistValue(value ?? {}, twist);
        break;
      case 'text':
        // Of two of them the last counts, as bytes are no value any more.
        if (!twists.slice(index + 1).some((later) => later.part === 'text'))
          bytes = twistText(value === undefined ? '{}' : writeJson(value), twist);
        break;
      case 'headers':
        headers = { ...headers, ...twist.headers };
    }
  }
  for (const [name, given] of params) path = path.replace(`{${name}}`, () => percentEncoded(String(given)));
  const search = query.map(
    ([key, text]) => `${percentEncoded(key).slice(0, 500)}=${percentEncoded(text).slice(0, 2000)}`,
  );
  const body = bytes ?? (value === undefined ? null : Buffer.from(writeJson(value)));
  return {
    method: operation.method,
    path: `${prefix}${path}${search.length > 0 ? `?${search.join('&')}` : ''}`.slice(0, 9000),
    headers: {
      'x-forwarded-for': plan.address,
      ...(body === null ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body,
  };
}
