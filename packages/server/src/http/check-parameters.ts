import type { FieldIssue } from '@ordinaut/contract';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import Type, { type TSchema } from 'typebox';
import { knowInstants, toIssues } from '../kernel/schema.ts';

let ajv: Ajv2020 | undefined;

/** Query and path values are texts: `coerceTypes` makes numbers and booleans of them. Bodies never come here. */
function createAjv(): Ajv2020 {
  const created = new Ajv2020({
    allErrors: true,
    strict: false,
    coerceTypes: true,
    useDefaults: false,
    verbose: true,
    meta: false,
    validateSchema: false,
  });
  addFormats.default(created);
  knowInstants(created);
  return created;
}

const validators = new WeakMap<TSchema, ValidateFunction>();
const nothing = Type.Object({}, { additionalProperties: false });

/**
 * Checks path or query values and turns them into what the schema says, in place. The schema is compiled at its first use,
 * which keeps it out of the start of the server. UUIDs become what is stored, in lower case: SQLite compares them as texts, and
 * PostgreSQL would find them in any case.
 *
 * @param schema undefined: no value is expected, and each is an issue.
 */
export function checkParameters(schema: TSchema = nothing, values: unknown): FieldIssue[] {
  let validate = validators.get(schema);
  if (validate === undefined) {
    ajv ??= createAjv();
    validate = ajv.compile(schema);
    validators.set(schema, validate);
  }
  if (!validate(values)) return toIssues(validate.errors ?? []);
  const issues = withoutNul(values);
  if (issues.length > 0) return issues;
  lowerIds(schema, values as Record<string, unknown>);
  return [];
}

/** Nothing here has such a name, and PostgreSQL does not take it as a text. */
const withoutNul = (values: unknown): FieldIssue[] =>
  Object.entries(values as Record<string, unknown>)
    .filter(([, value]) => typeof value === 'string' && value.includes('\u0000'))
    .map(([field]) => ({ field, issue: 'has the character U+0000; leave it out' }));

function lowerIds(schema: TSchema, values: Record<string, unknown>): void {
  const properties: Record<string, { format?: string }> =
    'properties' in schema ? { ...(schema.properties as object) } : {};
  for (const [name, { format }] of Object.entries(properties)) {
    const value = values[name];
    // The format has an URN form, too (RFC 9562, section 4).
    if (format === 'uuid' && typeof value === 'string') values[name] = value.toLowerCase().replace(/^urn:uuid:/, '');
  }
}
