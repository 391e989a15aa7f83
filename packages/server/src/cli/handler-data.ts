import { readFile } from 'node:fs/promises';
import { buffer as readStream } from 'node:stream/consumers';
import type { CallOptions } from '@ordinaut/sdk';
import { usageError } from './exit-codes.ts';
import { parseJson } from './input.ts';

/**
 * What `handler call` sends. JSON is looked at here, so that a mistake is told before anything is sent.
 *
 * @param flags.data JSON or, with a type, anything; `@file` and `-` are read. @param flags.type content type; default: JSON.
 * @throws CliError with exit code 2 for what cannot be read.
 */
export async function readHandlerData({
  data,
  type,
}: {
  readonly data?: string;
  readonly type?: string;
}): Promise<{ readonly body?: unknown } & Pick<CallOptions, 'headers'>> {
  if (data === undefined) {
    if (type !== undefined) throw usageError('--type says what --data is; give that too.');
    return {};
  }
  const bytes = await bytesOf(data);
  if (type !== undefined) return { body: bytes, headers: { 'content-type': type } };
  return { body: parseJson(bytes.toString('utf8'), data === '-' ? 'Standard input' : '--data') };
}

async function bytesOf(data: string): Promise<Buffer<ArrayBuffer>> {
  if (data !== '-' && !data.startsWith('@')) return Buffer.from(data);
  const name = data === '-' ? 'Standard input' : data.slice(1);
  try {
    return await (data === '-' ? readStream(process.stdin) : readFile(name));
  } catch (error) {
    throw usageError(`${name} cannot be read: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}
