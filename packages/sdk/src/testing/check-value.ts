import type { FieldIssue } from '@ordinaut/contract';
import type { Schema as CheckedSchema } from '../validation/check-schema.ts';

/** What the contract uses of JSON Schema, and whether fields beyond those that are named may be there. */
interface Schema extends CheckedSchema {
  readonly additionalProperties?: boolean | Schema;
}

type Path = readonly (string | number)[];

/**
 * What of a value does not fit a schema of the contract, with every field and in the words of the server. Fields that are not known are
 * an issue here, as they are for the server; the check of the client lets them pass.
 */
export function checkValue(schema: object, value: unknown, path: Path = []): FieldIssue[] {
  const rules: Schema = schema;
  const shown = rules.writeOnly === true ? '(hidden)' : show(value);
  const field = fieldOf(path);
  const wrong = (issue: string): FieldIssue[] => [{ field, issue }];
  if (rules.anyOf !== undefined) return checkBranches(rules.anyOf, value, path);
  if ('const' in rules && rules.const !== value) return wrong(`is ${shown}; allowed: ${String(rules.const)}`);
  if (rules.enum !== undefined && !rules.enum.includes(value))
    return wrong(`is ${shown}; allowed: ${rules.enum.map(String).join(', ')}`);
  if (rules.type !== undefined && !isOfType(rules.type, value))
    return wrong(typeIssue(rules, rules.type, value, shown));
  if (typeof value === 'string') return textIssues(rules, value, shown).flatMap(wrong);
  if (typeof value === 'number') return numberIssues(rules, value).flatMap(wrong);
  if (Array.isArray(value)) {
    const items =
      rules.items === undefined ? [] : value.flatMap((one, at) => checkValue(rules.items!, one, [...path, at]));
    return [...listIssues(rules, value).flatMap(wrong), ...items];
  }
  return typeof value === 'object' && value !== null ? checkObject(rules, value, path) : [];
}

function typeIssue({ required = [] }: Schema, type: string, value: unknown, shown: string): string {
  const isPlain = typeof value !== 'object' || value === null;
  const is = isPlain ? shown : Array.isArray(value) ? 'an array' : 'an object';
  const wanted = type === 'null' ? type : `${/^[aio]/.test(type) ? 'an' : 'a'} ${type}`;
  return `is ${is}; it must be ${wanted}${type === 'object' && required.length > 0 ? ` with ${required.join(', ')}` : ''}`;
}

/** The branch that a value is meant for says what is wrong with it; that it is not null either says nothing. */
function checkBranches(branches: readonly Schema[], value: unknown, path: Path): FieldIssue[] {
  const found = branches.map((branch) => checkValue(branch, value, path));
  if (found.some((issues) => issues.length === 0)) return [];
  return found.filter((_, at) => branches[at]?.type !== 'null').flat();
}

function checkObject(rules: Schema, value: object, path: Path): FieldIssue[] {
  const { properties = {}, patternProperties = {}, additionalProperties, required = [], minProperties = 0 } = rules;
  const issues: FieldIssue[] = [];
  if (Object.keys(value).length < minProperties)
    issues.push({
      field: fieldOf(path),
      issue: `is ${show(value)}; it must NOT have fewer than ${minProperties} properties`,
    });
  for (const name of required)
    if (!Object.hasOwn(value, name)) issues.push({ field: fieldOf([...path, name]), issue: 'is required' });
  for (const [name, inner] of Object.entries(value)) {
    const here = [...path, name];
    const known = Object.hasOwn(properties, name)
      ? properties[name]
      : Object.entries(patternProperties).find(([pattern]) => new RegExp(pattern).test(name))?.[1];
    if (known !== undefined) issues.push(...checkValue(known, inner, here));
    else if (additionalProperties === false) issues.push({ field: fieldOf(here), issue: 'is not a known field.' });
    else if (typeof additionalProperties === 'object') issues.push(...checkValue(additionalProperties, inner, here));
  }
  return issues;
}

const uuid = /^(?:urn:uuid:)?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const instant = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;
const formats: Readonly<Record<string, { fits(text: string): boolean; readonly name: string }>> = {
  uuid: { fits: (text) => uuid.test(text), name: 'an id such as 01890a5d-ac96-774b-bcce-b302099a8057' },
  'date-time': {
    fits: (text) => instant.test(text) && !Number.isNaN(Date.parse(text)),
    name: 'an instant such as 2026-03-01T09:00:00Z',
  },
};

function textIssues({ minLength = 0, maxLength, pattern, format }: Schema, text: string, shown: string): string[] {
  const { length } = [...text];
  const known = format === undefined ? undefined : formats[format];
  return [
    ...(length < minLength ? [`is ${shown}; it must have at least ${amount(minLength, 'character')}`] : []),
    ...(maxLength !== undefined && length > maxLength
      ? [`has ${length} characters; it must have at most ${amount(maxLength, 'character')}`]
      : []),
    ...(pattern !== undefined && !new RegExp(pattern, 'u').test(text)
      ? [`is ${shown}; it must match pattern "${pattern}"`]
      : []),
    ...(known !== undefined && !known.fits(text) ? [`is ${shown}; it must be ${known.name}`] : []),
  ];
}

function numberIssues({ minimum, maximum, exclusiveMinimum }: Schema, value: number): string[] {
  return [
    ...(minimum !== undefined && value < minimum ? [`is ${value}; it must be >= ${minimum}`] : []),
    ...(maximum !== undefined && value > maximum ? [`is ${value}; it must be <= ${maximum}`] : []),
    ...(exclusiveMinimum !== undefined && value <= exclusiveMinimum
      ? [`is ${value}; it must be > ${exclusiveMinimum}`]
      : []),
  ];
}

function listIssues({ minItems = 0, maxItems, uniqueItems = false }: Schema, list: readonly unknown[]): string[] {
  const isDouble = uniqueItems && new Set(list.map((one) => JSON.stringify(one))).size < list.length;
  return [
    ...(list.length < minItems ? [`must have at least ${amount(minItems, 'item')}`] : []),
    ...(maxItems !== undefined && list.length > maxItems
      ? [`has ${list.length} items; it must have at most ${amount(maxItems, 'item')}`]
      : []),
    ...(isDouble ? [`is ${show(list)}; it must NOT have duplicate items`] : []),
  ];
}

function isOfType(type: string, value: unknown): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'number') return typeof value === 'number' && Number.isFinite(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'null') return value === null;
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

const amount = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const fieldOf = (path: Path): string =>
  path.reduce<string>(
    (field, part) => (typeof part === 'number' ? `${field}[${part}]` : field ? `${field}.${part}` : part),
    '',
  );

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
