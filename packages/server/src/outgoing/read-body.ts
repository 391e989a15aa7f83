import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { RunFailure } from '../kernel/errors.ts';

const decoders: Record<string, (data: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>> = {
  gzip: promisify(zlib.gunzip),
  'x-gzip': promisify(zlib.gunzip),
  deflate: promisify(zlib.inflate),
  br: promisify(zlib.brotliDecompress),
  zstd: promisify(zlib.zstdDecompress),
};

/**
 * Reads a body up to `maxBytes`, before and after its content encoding is undone.
 *
 * @throws RunFailure `output_too_large`; `http_rejected` for a content encoding that is unknown or does not fit the bytes.
 */
export async function readBody(stream: Readable, encoding: string, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    // Leaving the loop destroys the stream, and with it the connection.
    if (size > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  let body: Buffer = Buffer.concat(chunks, size);
  const codings = encoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim());
  for (const coding of codings.reverse()) {
    if (body.length > 0 && coding !== '' && coding !== 'identity') body = await decode(body, coding, maxBytes);
  }
  return body;
}

async function decode(body: Buffer, coding: string, maxBytes: number): Promise<Buffer> {
  const decoder = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined;
  if (!decoder) throw new RunFailure('http_rejected', `The response has the unknown content encoding ${coding}.`);
  try {
    return await decoder(body, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(maxBytes);
    throw new RunFailure('http_rejected', `The response says it is ${coding} and is not.`, { cause: error });
  }
}

const tooLarge = (maxBytes: number): RunFailure =>
  new RunFailure('output_too_large', `The response is larger than ${maxBytes} bytes (max_response_bytes).`);
