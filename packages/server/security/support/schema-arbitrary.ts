import fc from 'fast-check';
import type { TSchema } from 'typebox';

/** A value of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Values that a property of this name is likely to mean something with. They come in three of four cases. */
export type Seeds = Readonly<Record<string, fc.Arbitrary<Json>>>;

/** What of JSON Schema the contract uses. */
interface Schema {
  readonly type?: string;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly Json[];
  readonly const?: Json;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

/**
 * Values that fit a schema of the contract.
 *
 * @throws Error for a keyword that is not known here, so that a schema that grows does not go untried.
 */
export const fitting = (schema: TSchema, seeds: Seeds = {}): fc.Arbitrary<Json> => arbitraryOf(schema as Schema, seeds);

const silent = new Set(['description', 'default', 'writeOnly', '$id', 'title']);
const known = new Set(
  'type anyOf enum const properties patternProperties required additionalProperties items minItems maxItems uniqueItems minLength maxLength pattern format minimum maximum exclusiveMinimum'.split(
    ' ',
  ),
);

function arbitraryOf(schema: Schema, seeds: Seeds): fc.Arbitrary<Json> {
  const strange = Object.keys(schema).find((keyword) => !known.has(keyword) && !silent.has(keyword));
  if (strange !== undefined) throw new Error(`The generator does not know the keyword ${strange}; teach it.`);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((one) => arbitraryOf(one, seeds)));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if ('const' in schema) return fc.constant(schema.const as Json);
  switch (schema.type) {
    case 'object':
      return objectOf(schema, seeds);
    case 'array':
      return arrayOf(schema, seeds);
    case 'string':
      return textOf(schema);
    case 'integer':
      return fc.integer({ min: schema.minimum ?? -1000, max: schema.maximum ?? 1000 });
    case 'number':
      return fc.double({
        min: schema.exclusiveMinimum ?? schema.minimum ?? -1e6,
        max: schema.maximum ?? 1e6,
        minExcluded: schema.exclusiveMinimum !== undefined,
        noNaN: true,
      });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      // `Unknown`: anything.
      return anything;
  }
}

/** Any small value; `fc.jsonValue` has no keys such as `__proto__` by itself. */
const anything = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;

function objectOf(schema: Schema, seeds: Seeds): fc.Arbitrary<Json> {
  if (schema.patternProperties !== undefined) {
    const [values = {}] = Object.values(schema.patternProperties);
    const key = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((name) => name !== '__proto__');
    return fc.dictionary(key, arbitraryOf(values, seeds), { maxKeys: 4, noNullPrototype: true });
  }
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const seed = seeds[name];
    const plain = arbitraryOf(field, seeds);
    return [
      name,
      seed === undefined ? plain : fc.oneof({ weight: 3, arbitrary: seed }, { weight: 1, arbitrary: plain }),
    ];
  });
  return fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<Json>>, {
    requiredKeys: [...(schema.required ?? [])],
    noNullPrototype: true,
  }) as fc.Arbitrary<Json>;
}

function arrayOf({ items = {}, minItems = 0, maxItems = 8, uniqueItems = false }: Schema, seeds: Seeds) {
  const length = { minLength: minItems, maxLength: Math.min(maxItems, 5) };
  const item = arbitraryOf(items, seeds);
  return uniqueItems
    ? fc.uniqueArray(item, { ...length, selector: (value) => JSON.stringify(value) })
    : fc.array(item, length);
}

function textOf({ format, pattern, minLength = 0, maxLength = 200 }: Schema): fc.Arbitrary<Json> {
  if (format === 'uuid') return fc.uuid();
  if (format === 'date-time') return fc.oneof({ weight: 3, arbitrary: instant }, { weight: 1, arbitrary: oddInstant });
  if (pattern !== undefined) {
    const form = new RegExp(pattern);
    return fc.stringMatching(form, { size: 'small' }).filter((text) => text.length <= maxLength);
  }
  // A code point each, as the validator counts.
  return fc.oneof(
    { weight: 4, arbitrary: fc.string({ unit: 'grapheme-ascii', minLength, maxLength }) },
    { weight: 4, arbitrary: fc.string({ unit: 'binary', minLength, maxLength }) },
    { weight: 1, arbitrary: fc.constant('x'.repeat(maxLength)) },
  );
}

const instant = fc
  .date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31') })
  .map((date) => date.toISOString());

/** Right by RFC 3339, or by the validator, and yet nothing that `Date.parse` has to know. */
const oddInstant = fc.constantFrom(
  '2016-12-31T23:59:60Z',
  '2026-03-01t09:00:00z',
  '2026-03-01 09:00:00Z',
  '2026-03-01T09:00:00+0930',
  '2026-03-01T09:00:00+09',
  '2026-03-01T09:00:00.123456789123456789-00:00',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
);
