import { readFile } from 'node:fs/promises';
import { text as readStream } from 'node:stream/consumers';
import { usageError } from './exit-codes.ts';

/** Reads a file, or standard input where the name is `-`. */
export async function readText(name: string): Promise<string> {
  try {
    return name === '-' ? await readStream(process.stdin) : await readFile(name, 'utf8');
  } catch (error) {
    throw usageError(`${name} cannot be read: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

/** The same, for what holds JSON. */
export const readJson = async (name: string): Promise<unknown> =>
  parseJson(await readText(name), name === '-' ? 'Standard input' : name);

/** Parses JSON of a flag or file; `what` begins the sentence where it is none. */
export function parseJson(content: string, what: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    throw usageError(`${what} is not valid JSON: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

/**
 * `name=value` pairs as an object. A value that is JSON (a number, `true`, `null`, a list, an object, a quoted text) is
 * taken as such, everything else as text.
 */
export function parsePairs(pairs: readonly string[], flag: string): Record<string, unknown> {
  const entries = pairs.map((pair): [string, unknown] => {
    const at = pair.indexOf('=');
    if (at < 1) throw usageError(`${flag} is ${JSON.stringify(pair)}; it must be name=value.`);
    return [pair.slice(0, at), jsonOrText(pair.slice(at + 1))];
  });
  return Object.fromEntries(entries);
}

function jsonOrText(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** For options that may be given several times. */
export const collect = (value: string, previous: readonly string[] = []): string[] => [...previous, value];

/** A number where the text is one; what is none is left for the server to refuse. */
export const numberOrText = (value: string | undefined): unknown =>
  value !== undefined && value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value;

/** An object without the fields that are not given. */
export const defined = (values: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
