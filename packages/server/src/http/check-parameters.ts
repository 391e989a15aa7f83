import type { FieldIssue } from '@ordinaut/contract';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import Type, { type TSchema } from 'typebox';
import { toIssues } from '../kernel/schema.ts';

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
  return created;
}

const validators = new WeakMap<TSchema, ValidateFunction>();
const nothing = Type.Object({}, { additionalProperties: false });

/**
 * Checks path or query values and turns them into what the schema says, in place. The schema is compiled at its first use,
 * which keeps it out of the start of the server.
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
  return validate(values) ? [] : toIssues(validate.errors ?? []);
}
