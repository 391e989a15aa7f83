/**
 * A quick yes to "is this a valid JSON Schema (draft 2020-12)?", for the tools and configurations that manifests declare: they
 * have to be right before anything is listed, and the schema of schemas takes Ajv 80 ms.
 *
 * @returns true: it is, and Ajv compiles it. false: it is not, or has something that is not known here; ask Ajv.
 */
export function isPlainSchema(schema: unknown, root: unknown = schema): boolean {
  if (typeof schema === 'boolean') return true;
  if (!isObject(schema)) return false;
  return Object.entries(schema).every(([keyword, rule]) => {
    const isRight = keywords[keyword];
    if (isRight !== undefined) return isRight(rule, root);
    // A keyword that JSON Schema does not know is a note; one that begins with $ (`$ref`, `$id`) has a meaning for the whole.
    return !keyword.startsWith('$') && !others.has(keyword);
  });
}

/** Keywords that are left to Ajv. */
const others = new Set([
  'dependentSchemas',
  'dependentRequired',
  'unevaluatedItems',
  'unevaluatedProperties',
  'definitions',
  'dependencies',
  'additionalItems',
  'nullable',
  'discriminator',
  'id',
  'async',
  'formatMinimum',
  'formatMaximum',
  'formatExclusiveMinimum',
  'formatExclusiveMaximum',
]);

type IsRight = (rule: unknown, root: unknown) => boolean;
type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText: IsRight = (rule) => typeof rule === 'string';
const isBoolean: IsRight = (rule) => typeof rule === 'boolean';
const isNumber: IsRight = (rule) => typeof rule === 'number' && Number.isFinite(rule);
const isCount: IsRight = (rule) => Number.isInteger(rule) && (rule as number) >= 0;
const isNames: IsRight = (rule) =>
  Array.isArray(rule) && rule.every((name) => typeof name === 'string') && new Set(rule).size === rule.length;
const isSchemas: IsRight = (rule, root) =>
  Array.isArray(rule) && rule.length > 0 && rule.every((one) => isPlainSchema(one, root));
const isSchemasByName: IsRight = (rule, root) =>
  isObject(rule) && Object.values(rule).every((one) => isPlainSchema(one, root));
const anything: IsRight = () => true;

const types = new Set(['object', 'array', 'string', 'number', 'integer', 'boolean', 'null']);
/** The formats that the validator knows and that a tool is likely to use; others are left to it. */
const formats = new Set([
  'date',
  'time',
  'date-time',
  'duration',
  'uri',
  'uri-reference',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uuid',
  'regex',
  'json-pointer',
]);

const keywords: Readonly<Record<string, IsRight | undefined>> = {
  $schema: (rule) => rule === 'https://json-schema.org/draft/2020-12/schema',
  $comment: isText,
  $defs: isSchemasByName,
  $ref: (rule, root) => typeof rule === 'string' && isInside(rule, root),
  title: isText,
  description: isText,
  default: anything,
  examples: Array.isArray,
  deprecated: isBoolean,
  readOnly: isBoolean,
  writeOnly: isBoolean,
  type: (rule) =>
    Array.isArray(rule)
      ? rule.length > 0 && isNames(rule, null) && rule.every((one) => types.has(one))
      : types.has(rule as string),
  const: anything,
  enum: (rule) => Array.isArray(rule) && rule.length > 0 && isDistinct(rule),
  anyOf: isSchemas,
  oneOf: isSchemas,
  allOf: isSchemas,
  not: isPlainSchema,
  if: isPlainSchema,
  // biome-ignore lint/suspicious/noThenProperty: the name of the keyword
  then: isPlainSchema,
  else: isPlainSchema,
  minLength: isCount,
  maxLength: isCount,
  pattern: (rule) => typeof rule === 'string' && isRegExp(rule),
  format: (rule) => formats.has(rule as string),
  minimum: isNumber,
  maximum: isNumber,
  exclusiveMinimum: isNumber,
  exclusiveMaximum: isNumber,
  multipleOf: (rule, root) => isNumber(rule, root) && (rule as number) > 0,
  items: isPlainSchema,
  prefixItems: isSchemas,
  contains: isPlainSchema,
  minContains: isCount,
  maxContains: isCount,
  minItems: isCount,
  maxItems: isCount,
  uniqueItems: isBoolean,
  properties: isSchemasByName,
  patternProperties: (rule, root) => isSchemasByName(rule, root) && Object.keys(rule as Fields).every(isRegExp),
  additionalProperties: isPlainSchema,
  propertyNames: isPlainSchema,
  required: isNames,
  minProperties: isCount,
  maxProperties: isCount,
};

function isDistinct(values: readonly unknown[]): boolean {
  return new Set(values.map((value) => JSON.stringify(value))).size === values.length;
}

function isRegExp(pattern: string): boolean {
  try {
    new RegExp(pattern, 'u');
    return true;
  } catch {
    return false;
  }
}

/** Whether a reference is to a definition of the same schema. */
function isInside(reference: string, root: unknown): boolean {
  const name = /^#\/\$defs\/([A-Za-z0-9_-]+)$/.exec(reference)?.[1];
  return name !== undefined && isObject(root) && isObject(root.$defs) && Object.hasOwn(root.$defs, name);
}
