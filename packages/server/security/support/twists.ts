import fc from 'fast-check';
import { hostileHeaders, hostileKey, hostileText, hostileValue } from './hostile.ts';
import { Verbatim, type Written, writeJson } from './json-text.ts';
import type { Json } from './schema-arbitrary.ts';

/** One thing that is wrong with a request. As data, so that a failure can be read. */
export type Twist =
  | { readonly part: 'path'; readonly at: number; readonly text: string }
  | { readonly part: 'query'; readonly action: 'set' | 'twice' | 'only'; readonly key: string; readonly text: string }
  | {
      readonly part: 'value';
      readonly action: 'replace' | 'remove' | 'add' | 'twice';
      readonly at: number;
      readonly key: string;
      readonly value: Written;
    }
  | { readonly part: 'text'; readonly action: TextAction; readonly at: number }
  | { readonly part: 'headers'; readonly headers: Readonly<Record<string, string>> };

const textActions = [
  'cut',
  'none',
  'bom',
  'latin1',
  'utf16',
  'bad utf-8',
  'raw control',
  'tail',
  'stray',
  'root',
  'deep',
] as const;
type TextAction = (typeof textActions)[number];

const at = fc.nat({ max: 1000 });

export const pathTwist: fc.Arbitrary<Twist> = fc.record({ part: fc.constant('path'), at, text: hostileText });
export const queryTwist: fc.Arbitrary<Twist> = fc.record({
  part: fc.constant('query'),
  action: fc.constantFrom('set', 'twice', 'only'),
  key: fc.oneof(hostileKey, fc.constantFrom('limit', 'offset', 'cursor', 'days', 'q', 'status', 'since', 'topic')),
  text: hostileText,
});
export const valueTwist: fc.Arbitrary<Twist> = fc.record({
  part: fc.constant('value'),
  action: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'add', 'twice'),
  at,
  key: hostileKey,
  value: hostileValue,
});
export const textTwist: fc.Arbitrary<Twist> = fc.record({
  part: fc.constant('text'),
  action: fc.constantFrom(...textActions),
  at,
});
export const headerTwist: fc.Arbitrary<Twist> = fc.record({ part: fc.constant('headers'), headers: hostileHeaders });

type Path = readonly (string | number)[];

/** The ways to every node of a value, the root first. */
function pathsOf(value: Written, path: Path = []): Path[] {
  if (value === null || typeof value !== 'object' || value instanceof Verbatim) return [path];
  const members = Array.isArray(value) ? value.map((each, index) => [index, each] as const) : Object.entries(value);
  return [path, ...members.flatMap(([key, member]) => pathsOf(member as Written, [...path, key]))];
}

/** A copy of a value with one node changed; undefined takes it away. */
function changed(value: Written, path: Path, change: (node: Written) => Written | undefined): Written | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return change(value);
  if (Array.isArray(value)) {
    return value.flatMap((each: Written, index): Written[] => {
      if (index !== key) return [each];
      const then = changed(each, rest, change);
      return then === undefined ? [] : [then];
    });
  }
  const members = Object.entries(value as Record<string, Written>).flatMap(([name, member]) => {
    const then = name === key ? changed(member, rest, change) : member;
    return then === undefined ? [] : [[name, then] as const];
  });
  return Object.fromEntries(members);
}

/** The value with one thing wrong. */
export function twistValue(value: Written, twist: Extract<Twist, { part: 'value' }>): Written | undefined {
  const paths = pathsOf(value);
  if (twist.action === 'replace' || twist.action === 'remove') {
    const path = paths[twist.at % paths.length]!;
    return changed(value, path, () => (twist.action === 'remove' ? undefined : twist.value));
  }
  const isObject = (node: Written) => node !== null && typeof node === 'object' && !Array.isArray(node);
  const objects = paths.filter((path) => isObject(nodeAt(value, path)) && !(nodeAt(value, path) instanceof Verbatim));
  if (objects.length === 0) return value;
  return changed(value, objects[twist.at % objects.length]!, (node) => {
    const members = Object.entries(node as Record<string, Written>);
    const key =
      twist.action === 'twice' ? (members[twist.at % Math.max(1, members.length)]?.[0] ?? twist.key) : twist.key;
    const added = `${JSON.stringify(key)}:${writeJson(twist.value)}`;
    const inside = writeJson(node).slice(1, -1);
    return new Verbatim(`{${[added, inside].filter((part) => part !== '').join(',')}}`);
  });
}

const nodeAt = (value: Written, path: Path): Written =>
  path.reduce<Written>((node, key) => (node as Record<string | number, Written>)[key] as Written, value);

/** The bytes of a body with something wrong that JSON has no words for. */
export function twistText(text: string, { action, at: place }: Extract<Twist, { part: 'text' }>): Buffer {
  const cut = text.length === 0 ? 0 : place % text.length;
  const [head, tail] = [text.slice(0, cut), text.slice(cut)];
  switch (action) {
    case 'cut':
      return Buffer.from(head);
    case 'none':
      return Buffer.alloc(0);
    case 'bom':
      return Buffer.from(`\ufeff${text}`);
    case 'latin1':
      return Buffer.from(`${head}\u00e9${tail}`, 'latin1');
    case 'utf16':
      return Buffer.from(text, 'utf16le');
    case 'bad utf-8':
      return Buffer.concat([Buffer.from(head), Buffer.from([0xed, 0xa0, 0x80, 0xff, 0xc0, 0xaf]), Buffer.from(tail)]);
    case 'raw control':
      return Buffer.from(`${head}\u0000\u0001\u001b${tail}`);
    case 'tail':
      return Buffer.from(`${text}}] garbage`);
    case 'stray':
      return Buffer.from(`${head},${tail}`);
    case 'root':
      return Buffer.from(['[]', 'null', '"text"', '0', 'true', '{}', '[[[]]]', '""'][place % 8]!);
    case 'deep':
      return Buffer.from('['.repeat(100_000));
  }
}

/** The same as in a path or query, where lone surrogates have no bytes. */
export const percentEncoded = (text: string): string => encodeURIComponent(text.toWellFormed());

/** A part of a path that is not encoded as it should be, as far as a client can send it. */
export const rawPathPart = (text: string): string => text.replaceAll(/[^\x21-\x7e]/g, '').replaceAll(/[?#]/g, '');

export type { Json };
