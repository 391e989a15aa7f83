import {
  type FunctionSignature,
  type JSONValue,
  type TreeInterpreter,
  TYPE_ANY,
  TYPE_ARRAY,
  TYPE_ARRAY_NUMBER,
  TYPE_ARRAY_STRING,
  TYPE_EXPREF,
  TYPE_NUMBER,
  TYPE_STRING,
} from '@jmespath-community/jmespath';
import { ExpressionError } from './expression-error.ts';

type Interpreter = typeof TreeInterpreter;
type Node = Parameters<Interpreter['visit']>[0];
type Signature = FunctionSignature['_signature'];
type Definition = readonly [signature: Signature, call: (args: readonly JSONValue[]) => JSONValue];

/** The longest text a function may build. */
const maxText = 4_000_000;

/**
 * Functions of the library that are replaced, on the given interpreter.
 *
 * `sort` ordered numbers as text, `min_by` and `max_by` knew no text, `group_by` failed on the key `constructor`, `max` and
 * `min` overflowed the stack on long lists, `trim*` took quadratic time, `pad_*`, `replace` and `join` could build texts of
 * any length; ordering compared long texts that are alike for as long as it liked. The meaning is that of the JMESPath Community
 * specification.
 *
 * @param spend charges for work that no size of an argument tells.
 */
export function replaceFunctions(interpreter: Interpreter, spend: (steps: number) => void): void {
  const key = (reference: JSONValue, item: JSONValue): JSONValue =>
    // A reference to an expression arrives as its node; the signature has checked that it is one.
    interpreter.visit(reference as unknown as Node, item) as JSONValue;
  const compare: Compare = (a, b) => {
    if (typeof a === 'number' && typeof b === 'number') return a - b;
    if (typeof a === 'string' && typeof b === 'string') return compareCodePoints(a, b, spend);
    throw new ExpressionError('numbers and texts cannot be ordered together');
  };

  const definitions: Record<string, Definition> = {
    sort: [list, ([items]) => [...asList(items)].sort(compare)],
    sort_by: [
      by,
      ([items, reference = null]) =>
        sorted(
          keyed(items, (item) => key(reference, item), 'sort_by'),
          compare,
        ),
    ],
    max: [
      list,
      ([items]) =>
        first(
          keyed(items, (item) => item, 'max'),
          (a, b) => compare(b, a),
        ),
    ],
    min: [
      list,
      ([items]) =>
        first(
          keyed(items, (item) => item, 'min'),
          compare,
        ),
    ],
    max_by: [
      by,
      ([items, reference = null]) =>
        first(
          keyed(items, (item) => key(reference, item), 'max_by'),
          (a, b) => compare(b, a),
        ),
    ],
    min_by: [
      by,
      ([items, reference = null]) =>
        first(
          keyed(items, (item) => key(reference, item), 'min_by'),
          compare,
        ),
    ],
    group_by: [by, ([items, reference = null]) => group(asList(items), (item) => key(reference, item))],
    pad_left: [pad, ([text, width, fill]) => padded(text, width, fill, 'pad_left')],
    pad_right: [pad, ([text, width, fill]) => padded(text, width, fill, 'pad_right')],
    join: [join, ([glue, items]) => joined(asText(glue), asList(items))],
    replace: [replace, ([text, search, by, count]) => replaced(asText(text), asText(search), asText(by), count)],
    trim: [trim, ([text, chars]) => trimmed(asText(text), chars, true, true)],
    trim_left: [trim, ([text, chars]) => trimmed(asText(text), chars, true, false)],
    trim_right: [trim, ([text, chars]) => trimmed(asText(text), chars, false, true)],
  };
  for (const [name, [signature, call]] of Object.entries(definitions)) {
    interpreter.runtime.registerFunction(name, (args) => call(args as JSONValue[]), signature, { override: true });
  }
}

const list: Signature = [{ types: [TYPE_ARRAY_NUMBER, TYPE_ARRAY_STRING] }];
const by: Signature = [{ types: [TYPE_ARRAY] }, { types: [TYPE_EXPREF] }];
const pad: Signature = [{ types: [TYPE_STRING] }, { types: [TYPE_NUMBER] }, { types: [TYPE_STRING], optional: true }];
const join: Signature = [{ types: [TYPE_STRING] }, { types: [TYPE_ARRAY_STRING] }];
const replace: Signature = [
  { types: [TYPE_STRING] },
  { types: [TYPE_STRING] },
  { types: [TYPE_STRING] },
  { types: [TYPE_NUMBER], optional: true },
];
const trim: Signature = [{ types: [TYPE_STRING] }, { types: [TYPE_STRING], optional: true }];

/** The signature that lets anything in, for functions of the interpreter's own. */
export const anything: Signature = [{ types: [TYPE_ANY] }];

const asList = (value: JSONValue | undefined): JSONValue[] => (Array.isArray(value) ? value : []);
const asText = (value: JSONValue | undefined): string => (typeof value === 'string' ? value : '');

/** Numbers by size, texts by code point. */
type Compare = (a: JSONValue, b: JSONValue) => number;

interface Keyed {
  readonly item: JSONValue;
  readonly key: JSONValue;
}

function compareCodePoints(a: string, b: string, spend: (steps: number) => void): number {
  if (a === b) {
    spend(a.length >> 6);
    return 0;
  }
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  spend(at >> 4);
  return at < length ? (a.codePointAt(at) ?? 0) - (b.codePointAt(at) ?? 0) : a.length - b.length;
}

function keyed(items: JSONValue | undefined, keyOf: (item: JSONValue) => JSONValue, name: string): Keyed[] {
  return asList(items).map((item) => {
    const key = keyOf(item);
    if (typeof key === 'number' || typeof key === 'string') return { item, key };
    throw new ExpressionError(`${name}() needs a number or a text of each item, not ${JSON.stringify(key)}`);
  });
}

const sorted = (items: Keyed[], compare: Compare): JSONValue =>
  items.sort((a, b) => compare(a.key, b.key)).map(({ item }) => item);

/** The first in an order; of several that are alike the one that stands first. */
const first = (items: readonly Keyed[], compare: Compare): JSONValue =>
  items.reduce<Keyed | null>((best, next) => (best === null || compare(next.key, best.key) < 0 ? next : best), null)
    ?.item ?? null;

function group(items: readonly JSONValue[], keyOf: (item: JSONValue) => JSONValue): JSONValue {
  const groups = new Map<string, JSONValue[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (typeof key !== 'string') {
      throw new ExpressionError(`group_by() needs a text of each item, not ${JSON.stringify(key)}`);
    }
    const members = groups.get(key);
    if (members) members.push(item);
    else groups.set(key, [item]);
  }
  return Object.fromEntries(groups);
}

function padded(
  text: JSONValue | undefined,
  width: JSONValue | undefined,
  fill: JSONValue | undefined,
  name: 'pad_left' | 'pad_right',
): string {
  const by = fill === undefined ? ' ' : asText(fill);
  if ([...by].length !== 1) throw new ExpressionError(`${name}() pads with one character, not \`${by}\``);
  if (typeof width !== 'number' || !Number.isInteger(width) || width < 0) {
    throw new ExpressionError(`${name}() needs a whole number of characters, not ${JSON.stringify(width)}`);
  }
  const length = Math.max(0, width - [...asText(text)].length);
  const padding = by.repeat(bounded(length, name));
  return name === 'pad_left' ? padding + asText(text) : asText(text) + padding;
}

function joined(glue: string, items: readonly JSONValue[]): string {
  const length = items.reduce<number>((sum, item) => sum + asText(item).length + glue.length, 0);
  bounded(length, 'join');
  return items.join(glue);
}

function replaced(text: string, search: string, by: string, count: JSONValue | undefined): string {
  if (count !== undefined && (typeof count !== 'number' || !Number.isInteger(count) || count < 0)) {
    throw new ExpressionError(`replace() needs a whole number of replacements, not ${JSON.stringify(count)}`);
  }
  const parts = text.split(search);
  const times = Math.min(parts.length - 1, count ?? Number.POSITIVE_INFINITY);
  bounded(text.length + times * by.length, 'replace');
  return (
    parts.slice(0, times + 1).join(by) +
    parts
      .slice(times + 1)
      .map((part) => search + part)
      .join('')
  );
}

function trimmed(text: string, chars: JSONValue | undefined, left: boolean, right: boolean): string {
  const set = new Set(typeof chars === 'string' ? chars : '');
  const drop = (char: string | undefined): boolean =>
    char !== undefined && (set.size > 0 ? set.has(char) : /[\s\u0085]/.test(char));
  const points = [...text];
  let start = 0;
  let end = points.length;
  while (left && start < end && drop(points[start])) start++;
  while (right && end > start && drop(points[end - 1])) end--;
  return points.slice(start, end).join('');
}

function bounded(length: number, name: string): number {
  if (length > maxText) throw new ExpressionError(`${name}() would build a text of more than ${maxText} characters`);
  return length;
}
