import type { FieldIssue } from '../errors.ts';

/** The part of JSON Schema that the contract uses; a test holds that it is all of it. */
export interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  /** A secret, which no message shows. */
  readonly writeOnly?: boolean;
}

/** The keywords that are heeded. `additionalProperties` is none of them: what is not known passes. */
export const heeded: readonly (keyof Schema)[] = [
  'type',
  'const',
  'enum',
  'anyOf',
  'items',
  'properties',
  'patternProperties',
  'required',
  'pattern',
  'format',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
];

/**
 * What of a value does not fit a schema. Nothing is compiled: pages that forbid `eval` can check too.
 *
 * @param field path of the value, empty for the whole.
 */
export function checkSchema(schema: Schema, value: unknown, field = ''): FieldIssue[] {
  const wrong = (issue: string): FieldIssue[] => [
    { field, issue: schema.writeOnly ? issue : `${issue}, and is ${shown(value)}` },
  ];
  if (schema.anyOf !== undefined) {
    const found = schema.anyOf.map((one) => checkSchema(one, value, field));
    // The branch that comes nearest says most; one of another type says nothing.
    const near = found.filter((_, index) => fitsType(schema.anyOf?.[index]?.type, value));
    return found.some((issues) => issues.length === 0)
      ? []
      : ((near.length > 0 ? near : found).sort((one, other) => one.length - other.length)[0] ?? []);
  }
  if (schema.enum !== undefined) {
    return schema.enum.includes(value) ? [] : wrong(`must be one of ${schema.enum.map(shown).join(', ')}`);
  }
  if (schema.const !== undefined && schema.const !== value) return wrong(`must be ${shown(schema.const)}`);
  if (value === undefined && schema.type !== undefined) return [{ field, issue: 'is missing' }];
  if (!fitsType(schema.type, value)) return wrong(`must be ${schema.type}`);
  if (typeof value === 'string') return checkText(schema, value).flatMap(wrong);
  if (typeof value === 'number') return checkNumber(schema, value).flatMap(wrong);
  if (Array.isArray(value)) {
    return [
      ...checkLength(schema, value).flatMap((issue) => [{ field, issue }]),
      ...value.flatMap((item, index) => checkSchema(schema.items ?? {}, item, `${field}[${index}]`)),
    ];
  }
  return typeof value === 'object' && value !== null ? checkObject(schema, value, field) : [];
}

function fitsType(type: string | undefined, value: unknown): boolean {
  switch (type) {
    case undefined:
      return true;
    case 'null':
      return value === null;
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return Number.isFinite(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}

const formats: Readonly<Record<string, RegExp>> = {
  uuid: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/i,
};
const patterns = new Map<string, RegExp>();

function checkText({ minLength, maxLength, pattern, format }: Schema, text: string): string[] {
  // JSON Schema counts characters, of which JavaScript's are halves now and then.
  const length = minLength === undefined && maxLength === undefined ? 0 : [...text].length;
  if (minLength !== undefined && length < minLength) return [`must have ${minLength} characters or more`];
  if (maxLength !== undefined && length > maxLength) return [`must have ${maxLength} characters or fewer`];
  if (pattern !== undefined) {
    let compiled = patterns.get(pattern);
    if (compiled === undefined) {
      compiled = new RegExp(pattern, 'u');
      patterns.set(pattern, compiled);
    }
    if (!compiled.test(text)) return [`must match ${pattern}`];
  }
  return format !== undefined && formats[format]?.test(text) === false ? [`must be a ${format}`] : [];
}

function checkNumber({ minimum, maximum, exclusiveMinimum }: Schema, value: number): string[] {
  if (minimum !== undefined && value < minimum) return [`must be ${minimum} or more`];
  if (maximum !== undefined && value > maximum) return [`must be ${maximum} or less`];
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) return [`must be more than ${exclusiveMinimum}`];
  return [];
}

function checkLength({ minItems, maxItems, uniqueItems }: Schema, items: readonly unknown[]): string[] {
  const { length } = items;
  if (minItems !== undefined && length < minItems) return [`must have ${minItems} items or more, and has ${length}`];
  if (maxItems !== undefined && length > maxItems) return [`must have ${maxItems} items or fewer, and has ${length}`];
  if (!uniqueItems) return [];
  const distinct = new Set(items.map((item) => JSON.stringify(item)));
  return distinct.size < length ? ['must not have an item twice'] : [];
}

function checkObject(
  { required = [], properties = {}, patternProperties, minProperties }: Schema,
  value: object,
  field: string,
): FieldIssue[] {
  const at = (name: string) => (field === '' ? name : `${field}.${name}`);
  const fields = Object.entries(value).filter(([, each]) => each !== undefined);
  const [anything] = Object.values(patternProperties ?? {});
  const issues = required
    .filter((name) => !fields.some(([each]) => each === name))
    .map((name) => ({ field: at(name), issue: 'is missing' }));
  if (minProperties !== undefined && fields.length < minProperties)
    issues.push({ field, issue: 'must have some field' });
  for (const [name, each] of fields) {
    const schema = Object.hasOwn(properties, name) ? properties[name] : anything;
    if (schema !== undefined) issues.push(...checkSchema(schema, each, at(name)));
  }
  return issues;
}

function shown(value: unknown): string {
  const text =
    typeof value === 'object' && value !== null
      ? Array.isArray(value)
        ? 'an array'
        : 'an object'
      : JSON.stringify(value);
  return text === undefined ? String(value) : text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
