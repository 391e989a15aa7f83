/**
 * A quick yes to "does the value fit the JSON Schema?". Ajv takes 80 ms to load and a few more to compile a schema, which the
 * start of a server with many extensions does not have; this takes microseconds and knows the plain keywords.
 *
 * @returns true: it fits. false: it does not, or the schema has a keyword that is not known here; ask Ajv, which can also
 *   say why.
 */
export function surelyFits(schema: object, value: unknown): boolean {
  for (const keyword in schema) {
    if (annotations.has(keyword)) continue;
    const holds = keywords[keyword];
    if (holds === undefined || !holds((schema as Fields)[keyword] as never, value, schema as Fields)) return false;
  }
  return true;
}

const annotations = new Set([
  '$id',
  '$schema',
  '$comment',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
]);

type Holds = (rule: never, value: unknown, schema: Readonly<Record<string, unknown>>) => boolean;

// A keyword of one type of value says nothing about values of the others.
const ofStrings =
  <Rule>(holds: (rule: Rule, text: string) => boolean): Holds =>
  (rule, value) =>
    typeof value !== 'string' || holds(rule, value);
const ofNumbers =
  (holds: (rule: number, number: number) => boolean): Holds =>
  (rule, value) =>
    typeof value !== 'number' || holds(rule, value);
const ofLists =
  <Rule>(holds: (rule: Rule, items: readonly unknown[]) => boolean): Holds =>
  (rule, value) =>
    !Array.isArray(value) || holds(rule, value);
const ofObjects =
  <Rule>(holds: (rule: Rule, object: Fields, schema: Fields) => boolean): Holds =>
  (rule, value, schema) =>
    typeof value !== 'object' || value === null || Array.isArray(value) || holds(rule, value as Fields, schema);
type Fields = Readonly<Record<string, unknown>>;

const keywords: Readonly<Record<string, Holds | undefined>> = {
  type: (type: string, value) => isOfType(type, value),
  const: (wanted: unknown, value) => wanted === value,
  enum: (allowed: readonly unknown[], value) => allowed.includes(value),
  anyOf: (branches: readonly object[], value) => branches.some((branch) => surelyFits(branch, value)),
  // Lengths count characters, and a character may be two units.
  minLength: ofStrings((least: number, text) => text.length >= 2 * least || [...text].length >= least),
  maxLength: ofStrings((most: number, text) => text.length <= most),
  pattern: ofStrings((pattern: string, text) => regExpOf(pattern).test(text)),
  minimum: ofNumbers((least, number) => number >= least),
  maximum: ofNumbers((most, number) => number <= most),
  minItems: ofLists((least: number, items) => items.length >= least),
  maxItems: ofLists((most: number, items) => items.length <= most),
  uniqueItems: ofLists(
    (_: boolean, items) =>
      items.every((item) => typeof item !== 'object' || item === null) && new Set(items).size === items.length,
  ),
  items: ofLists((schema: object, items) => items.every((item) => surelyFits(schema, item))),
  required: ofObjects((names: readonly string[], object) => names.every((name) => Object.hasOwn(object, name))),
  properties: ofObjects((properties: Readonly<Record<string, object>>, object) =>
    Object.keys(properties).every(
      (name) => !Object.hasOwn(object, name) || surelyFits(properties[name]!, object[name]),
    ),
  ),
  additionalProperties: ofObjects((rule: unknown, object, { properties = {} }) => {
    if (typeof rule !== 'boolean') return false;
    return rule || Object.keys(object).every((name) => Object.hasOwn(properties as object, name));
  }),
};

function isOfType(type: unknown, value: unknown): boolean {
  switch (type) {
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'null':
      return value === null;
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type;
    default:
      return false;
  }
}

const regExps = new Map<string, RegExp>();
function regExpOf(pattern: string): RegExp {
  let found = regExps.get(pattern);
  if (found === undefined) {
    found = new RegExp(pattern, 'u');
    regExps.set(pattern, found);
  }
  return found;
}
