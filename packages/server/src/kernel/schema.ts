import type { FieldIssue } from '@ordinaut/contract';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { badRequest } from './errors.ts';
import { didYouMean } from './near.ts';

/** Checks a value against a JSON Schema; an empty list means it fits. */
export type Check = (value: unknown) => FieldIssue[];

/** A validator that knows the usual formats; with `meta` it also knows the schema of schemas. */
function createAjv(options: { meta: boolean }): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: false,
    coerceTypes: false,
    useDefaults: false,
    verbose: true,
    ...options,
    validateSchema: options.meta,
  });
  addFormats.default(ajv);
  if (!options.meta) knowInstants(ajv);
  return ajv;
}

/**
 * Makes `date-time` an instant that can be calculated with. By its own rules it would also be a leap second or an offset without
 * minutes, which `Date.parse` does not know: what was let in would be `NaN` further on.
 */
export function knowInstants(ajv: Ajv2020): void {
  const format = addFormats.default.get('date-time') as { validate(text: string): boolean };
  ajv.addFormat('date-time', {
    type: 'string',
    validate: (text: string) => format.validate(text) && !Number.isNaN(Date.parse(text)),
  });
}

let foreign: Ajv2020 | undefined;
let own: Ajv2020 | undefined;

/**
 * Compiles a JSON Schema (draft 2020-12).
 *
 * @param options.own the schema is one of ours and known to be valid, and is not checked itself: the schema of schemas costs
 *   80 ms at its first use. Default: false.
 * @throws Error when the schema itself is not valid, or with `own` cannot be compiled.
 */
export function compileCheck(schema: object, options: { own?: boolean } = {}): Check {
  if (options.own === true) own ??= createAjv({ meta: false });
  else foreign ??= createAjv({ meta: true });
  const validate = compileOnce(options.own === true ? own! : foreign!, schema);
  return (value) => {
    if (validate(value)) return [];
    const issues = toIssues(validate.errors ?? []);
    return issues.length > 0 ? issues : [{ field: '', issue: 'does not fit its schema' }];
  };
}

/**
 * A check by one of our own schemas that is compiled when it is first used: compiling takes 5 to 40 ms a schema, which the
 * start of the server does not have. A schema that is not valid is noticed only then.
 */
export function lazyCheck(schema: object): Check {
  let check: Check | undefined;
  return (value) => {
    check ??= compileCheck(schema, { own: true });
    return check(value);
  };
}

/**
 * Reads an input by one of our own schemas: the value as its type.
 *
 * @throws ApiError `bad_request` with every field that does not fit.
 */
export function checkedBy<Input>(schema: object): (input: unknown) => Input {
  const check = lazyCheck(schema);
  return (input) => {
    const issues = check(input);
    if (issues.length > 0) throw badRequest(issues);
    return input as Input;
  };
}

/** Ajv keeps every schema and its `$id` for ever, but tools and extensions come again: it has to forget them. */
function compileOnce(ajv: Ajv2020, schema: object): ValidateFunction {
  try {
    return ajv.compile(schema);
  } finally {
    ajv.removeSchema(schema);
  }
}

/** More help nobody, and a body of 40,000 unknown fields would cost a third of a second to explain. */
const MOST_ISSUES = 100;

/** The errors of a validator as fields and sentences, with the value and the way out; the first hundred. */
export function toIssues(errors: readonly ErrorObject[], prefix = ''): FieldIssue[] {
  const issues = new Map<string, FieldIssue>();
  for (const error of errors) {
    if (issues.size === MOST_ISSUES) break;
    // A union reports each branch and then itself: the branches say it better, null alone says nothing.
    if (error.keyword === 'anyOf' || (error.keyword === 'type' && error.params.type === 'null')) continue;
    const field = fieldOf(error, prefix);
    const issue = sentenceOf(error);
    issues.set(`${field} ${issue}`, { field, issue });
  }
  return [...issues.values()];
}

function fieldOf(error: ErrorObject, prefix: string): string {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (error.keyword === 'required') path.push(error.params.missingProperty as string);
  if (error.keyword === 'additionalProperties') path.push(error.params.additionalProperty as string);
  return path.reduce(
    (field, part) => (/^\d+$/.test(part) ? `${field}[${part}]` : field ? `${field}.${part}` : part),
    prefix,
  );
}

function sentenceOf(error: ErrorObject): string {
  const { params } = error;
  // A password that does not fit is nobody's to read.
  const show =
    (error.parentSchema as { writeOnly?: boolean } | undefined)?.writeOnly === true ? () => '(hidden)' : shown;
  switch (error.keyword) {
    case 'required':
      return 'is required';
    case 'additionalProperties': {
      const known = Object.keys((error.parentSchema as { properties?: object } | undefined)?.properties ?? {});
      return `is not a known field.${didYouMean(params.additionalProperty as string, known)}`;
    }
    case 'enum':
      return `is ${show(error.data)}; allowed: ${(params.allowedValues as unknown[]).map(String).join(', ')}`;
    case 'const':
      return `is ${show(error.data)}; allowed: ${String(params.allowedValue)}`;
    case 'type':
      return `${kindOr(error.data, show)}; it must be ${[params.type].flat().map(withArticle).join(' or ')}${fieldsOf(error)}`;
    case 'format':
      return `is ${show(error.data)}; it must be ${formats[String(params.format)] ?? `a ${params.format}`}`;
    case 'minLength':
      return `is ${show(error.data)}; it must have at least ${amount(params.limit, 'character')}`;
    case 'maxLength':
      return `has ${String(error.data).length} characters; it must have at most ${amount(params.limit, 'character')}`;
    case 'minItems':
      return `must have at least ${amount(params.limit, 'item')}`;
    case 'maxItems':
      return `has ${(error.data as unknown[]).length} items; it must have at most ${amount(params.limit, 'item')}`;
    default:
      return `is ${show(error.data)}; it ${error.message ?? 'does not fit'}`;
  }
}

const formats: Readonly<Record<string, string>> = {
  'date-time': 'an instant such as 2026-03-01T09:00:00Z',
  uuid: 'an id such as 01890a5d-ac96-774b-bcce-b302099a8057',
};

/** A list or object is told by its kind: who sends one where another thing belongs knows it by that. */
const kindOr = (value: unknown, show: (value: unknown) => string): string =>
  typeof value !== 'object' || value === null
    ? `is ${show(value)}`
    : `is ${Array.isArray(value) ? 'an array' : 'an object'}`;

const withArticle = (type: string): string => (type === 'null' ? type : `${/^[aio]/.test(type) ? 'an' : 'a'} ${type}`);

/** What the object that is wanted has to have. */
function fieldsOf({ params, parentSchema }: ErrorObject): string {
  const required = params.type === 'object' ? ((parentSchema as { required?: readonly string[] }).required ?? []) : [];
  return required.length === 0 ? '' : ` with ${required.join(', ')}`;
}

const amount = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
