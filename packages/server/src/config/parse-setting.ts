import { readFileSync } from 'node:fs';
import type { FieldIssue } from '@ordinaut/contract';
import type { TSchema } from 'typebox';
import { type Check, compileCheck } from '../kernel/schema.ts';
import type { Setting } from './settings.ts';

interface Shape {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: Shape;
}

const checks = new WeakMap<TSchema, Check>();

/**
 * Reads the text of a setting.
 *
 * @returns the value, or what the text has to be.
 */
export function parseSetting(setting: Setting, text: string): { value: unknown } | { issue: string } {
  const shape: Shape = setting.schema;
  if (shape.type === 'object') {
    const read = readObject(setting, text.trim());
    return 'issue' in read ? read : fit(setting, read.value, read.from);
  }
  return fit(setting, coerce(shape, text.trim(), setting.separator), text);
}

function fit(setting: Setting, value: unknown, text: string): { value: unknown } | { issue: string } {
  let check = checks.get(setting.schema);
  if (check === undefined) {
    check = compileCheck(setting.schema, { own: true });
    checks.set(setting.schema, check);
  }
  const issues = check(value);
  if (issues.length === 0) return { value };
  if (setting.secret && (setting.schema as Shape).type === 'object')
    return { issue: `${misfitOf(issues)}; it must be ${expectedOf(setting)}` };
  const shown = setting.secret ? 'does not fit' : `is ${JSON.stringify(text)}`;
  return { issue: `${shown}; it must be ${expectedOf(setting)}` };
}

/** By the names of the fields alone: the values may be secrets. */
function misfitOf(issues: readonly FieldIssue[]): string {
  const fields = [...new Set(issues.map(({ field }) => field))];
  return fields.includes('') ? 'is JSON, but no object' : `does not fit in ${fields.join(', ')}`;
}

/** A setting that is JSON, or the path of a file with it. */
function readObject(setting: Setting, text: string): { value: unknown; from: string } | { issue: string } {
  const isFile = setting.orFile === true && !/^[{[]/.test(text);
  let json = text;
  if (isFile) {
    try {
      json = readFileSync(text, 'utf8');
    } catch (error) {
      return { issue: `names the file ${text}, which cannot be read: ${(error as Error).message}` };
    }
  }
  try {
    return { value: JSON.parse(json), from: text };
  } catch (error) {
    // The message of the parser quotes the text, which may hold secrets.
    const place = /position \d+( \(line \d+ column \d+\))?/.exec((error as Error).message)?.[0];
    const what = isFile ? `names the file ${text}, which is not valid JSON` : 'is not valid JSON';
    return { issue: `${what}${place === undefined ? '' : ` at ${place}`}; it must be ${expectedOf(setting)}` };
  }
}

/** What a value of this setting has to be, in words. */
export function expectedOf(setting: Setting): string {
  if (setting.expected !== undefined) return setting.expected;
  const shape: Shape = setting.schema;
  if (shape.type === 'array') return `a comma-separated list of ${listOf(shape.items?.enum)}, each at most once`;
  if (shape.enum) return `one of ${listOf(shape.enum)}`;
  if (shape.type === 'boolean') return '1 or 0';
  if (shape.type === 'integer') return `a whole number from ${shape.minimum} to ${shape.maximum}`;
  return 'a text that is not empty';
}

const listOf = (values: readonly unknown[] = []): string => values.join(', ');

function coerce(shape: Shape, text: string, separator = ','): unknown {
  switch (shape.type) {
    case 'integer':
      return /^[+-]?\d{1,15}$/.test(text) ? Number(text) : text;
    case 'boolean':
      return { 1: true, true: true, yes: true, on: true, 0: false, false: false, no: false, off: false }[
        text.toLowerCase()
      ];
    case 'array':
      return jsonList(text) ?? listOfNames(text, separator);
    default:
      return text;
  }
}

const listOfNames = (text: string, separator: string): string[] =>
  text
    .split(separator)
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** A list may also be written as JSON. */
function jsonList(text: string): unknown[] | null {
  if (!text.startsWith('[')) return null;
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
