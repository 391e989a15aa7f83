import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { messageOf, RunFailure } from '../kernel/errors.ts';

/** RFC 9659: no more than 8 MB of window. Else a few bytes make the decoder take 128 MB. */
const zstd = { params: { [zlib.constants.ZSTD_d_windowLogMax]: 23 } };

/** Each is work for up to the whole size limit; curl stops at five as well. */
const maxCodings = 5;

const decoders: Record<string, (data: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>> = {
  gzip: promisify(zlib.gunzip),
  'x-gzip': promisify(zlib.gunzip),
  deflate: promisify(zlib.inflate),
  br: promisify(zlib.brotliDecompress),
  zstd: (data, options) => promisify(zlib.zstdDecompress)(data, { ...zstd, ...options }),
};

/**
 * Reads a body up to `maxBytes`, before and after its content encoding is undone.
 *
 * @throws RunFailure `output_too_large`; `http_rejected` for a content encoding that is unknown or does not fit the bytes, and
 *   for more than five of them; the reason of `signal`.
 */
export async function readBody(
  stream: Readable,
  encoding: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const codings = encoding
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
  if (codings.length > maxCodings) {
    stream.on('error', () => {}).destroy();
    throw new RunFailure('http_rejected', `The response has ${codings.length} content encodings, one upon the other.`);
  }
  let body = await collect(stream, maxBytes);
  for (const coding of codings.reverse()) {
    // An answer to HEAD has the encoding and no body.
    if (body.length > 0) body = await decode(body, coding, maxBytes);
    signal.throwIfAborted();
  }
  return body;
}

/** Copies the pieces: kept as they are, pieces of one byte would take a hundred times the limit. */
async function collect(stream: Readable, maxBytes: number): Promise<Buffer> {
  let buffer = Buffer.allocUnsafe(0);
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const end = size + chunk.length;
    // Leaving the loop destroys the stream, and with it the connection.
    if (end > maxBytes) throw tooLarge(maxBytes);
    if (end > buffer.length) {
      const larger = Buffer.allocUnsafe(Math.min(maxBytes, Math.max(end, buffer.length * 2)));
      buffer.copy(larger, 0, 0, size);
      buffer = larger;
    }
    size = end;
    chunk.copy(buffer, size - chunk.length);
  }
  return buffer.subarray(0, size);
}

async function decode(body: Buffer, coding: string, maxBytes: number): Promise<Buffer> {
  const decoder = Object.hasOwn(decoders, coding) ? decoders[coding] : undefined;
  if (!decoder) throw new RunFailure('http_rejected', `The response has the unknown content encoding ${coding}.`);
  try {
    return await decoder(body, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(maxBytes);
    const sentence = `The response says it is ${coding} and cannot be decoded: ${messageOf(error)}.`;
    throw new RunFailure('http_rejected', sentence, { cause: error });
  }
}

const tooLarge = (maxBytes: number): RunFailure =>
  new RunFailure('output_too_large', `The response is larger than ${maxBytes} bytes (max_response_bytes).`);
