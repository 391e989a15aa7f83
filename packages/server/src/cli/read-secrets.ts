import { text as readStream } from 'node:stream/consumers';
import { usageError } from './exit-codes.ts';

/**
 * Reads secrets from standard input, a line each.
 *
 * @param flag what asks for it, for the sentence where there is something else.
 * @param what the lines have to be, in their order.
 */
export async function readSecrets(flag: string, what: readonly string[]): Promise<string[]> {
  if (process.stdin.isTTY) {
    throw usageError(`${flag} reads from a pipe or file, and here is a terminal; leave it out to be asked.`);
  }
  const lines = (await readStream(process.stdin)).replace(/\r?\n$/, '').split(/\r?\n/);
  if (lines.length === what.length && !lines.includes('')) return lines;
  const wanted = what.length === 1 ? `one line, ${what[0]}` : `${what.length} lines, ${what.join(' and ')}`;
  throw usageError(`${flag} needs ${wanted}, on standard input.`);
}
