import type { FieldIssue } from '@ordinaut/contract';
import type { Check } from '../kernel/schema.ts';

/** What an input of a tool has to fit. */
export interface InputSchema {
  readonly schema: object;
  readonly check: Check;
}

/** A schema as far as it is followed here. */
interface Schema extends Readonly<Record<string, unknown>> {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: unknown;
}

/** Keywords whose outcome hangs on more than one value: with an unknown among these nothing below is certain. */
const entangling = [
  ...['$ref', '$dynamicRef', 'allOf', 'anyOf', 'oneOf', 'not', 'if', 'dependentRequired', 'dependentSchemas'],
  ...['unevaluatedProperties', 'unevaluatedItems', 'contains', 'prefixItems', 'patternProperties'],
];

/**
 * What is certainly wrong with the `with` of a step, whatever its expressions will give.
 *
 * A string with `${` is unknown, and nothing is said of it but that its field does not exist. Fields are paths such as
 * `expires_in_seconds` and `iocs[0].type`.
 */
export function literalIssues(input: Readonly<Record<string, unknown>>, { schema, check }: InputSchema): FieldIssue[] {
  return check(input).filter(({ field }) => isCertain(namesOf(field), input, schema as Schema));
}

const namesOf = (field: string): string[] => field.split(/[.[\]]+/).filter((name) => name !== '');

function isCertain(path: readonly string[], value: unknown, schema: Schema | undefined): boolean {
  // A name with a dot in it looks like two here, and leads nowhere.
  if (value === undefined) return path.length === 0;
  if (!hasUnknown(value)) return true;
  const [name, ...rest] = path;
  if (name === undefined || schema === undefined || entangling.some((keyword) => keyword in schema)) return false;
  if (Array.isArray(value)) return isCertain(rest, value[Number(name)], schema.items);
  if (typeof value !== 'object' || value === null) return false;
  const property = ownOf(schema.properties, name);
  if (property === undefined) return rest.length === 0 && schema.additionalProperties === false;
  return isCertain(rest, ownOf(value, name), property);
}

const ownOf = <Value>(object: Readonly<Record<string, Value>> | object | undefined, name: string): Value | undefined =>
  object !== undefined && Object.hasOwn(object, name) ? (object as Record<string, Value>)[name] : undefined;

function hasUnknown(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('${');
  return typeof value === 'object' && value !== null && Object.values(value).some(hasUnknown);
}
