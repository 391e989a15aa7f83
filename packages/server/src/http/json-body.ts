import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError, badRequest, messageOf } from '../kernel/errors.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as it arrived; null where there was none. */
    rawBody: Buffer | null;
  }
}

/** Deepest nesting of arrays and objects. Anything deeper would end in a stack overflow where it is written again. */
const MAX_DEPTH = 200;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/**
 * Reads JSON bodies, and only those: UTF-8, not compressed, no deeper than 200, without the keys that poison prototypes.
 * An empty body is no body, as many clients send the content type with nothing.
 */
export function addJsonBody(app: FastifyInstance): void {
  const parse = jsonParser(app);
  app.decorateRequest('rawBody', null);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, parse);
}

type Done = (error: Error | null, body?: unknown) => void;

/** Reads a body as JSON. */
export function jsonParser(app: FastifyInstance) {
  const parse = app.getDefaultJsonParser('error', 'error');
  return (request: FastifyRequest, buffer: Buffer, done: Done): void => {
    try {
      if (buffer.length === 0) return void done(null, undefined);
      checkEncoding(request);
      const text = decode(buffer);
      checkDepth(text);
      request.rawBody = buffer;
      parse(request, text, (error, body) => done(error && malformed(text), body));
    } catch (error) {
      done(error instanceof Error ? error : new Error(messageOf(error)));
    }
  };
}

/** @throws ApiError `unsupported_media_type` for a body that is compressed. */
export function checkNotCompressed({ headers }: FastifyRequest): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ApiError(
      'unsupported_media_type',
      `A body with \`Content-Encoding: ${encoding}\` is not read; send it plain.`,
    );
  }
}

/** The charset of a content type, as it is written; undefined where it says none. */
export const charsetOf = (contentType: string): string | undefined =>
  /;\s*charset="?([^";\s]+)/i.exec(contentType)?.[1];

function checkEncoding(request: FastifyRequest): void {
  checkNotCompressed(request);
  const charset = charsetOf(request.headers['content-type'] ?? '');
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw new ApiError('unsupported_media_type', `JSON is UTF-8; the body says charset ${charset}.`);
  }
}

function decode(buffer: Buffer): string {
  try {
    return utf8.decode(buffer);
  } catch {
    throw badRequest([{ field: '', issue: 'the body is not valid UTF-8' }]);
  }
}

function checkDepth(text: string): void {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === 0x5c) index += 1;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > MAX_DEPTH) {
        throw badRequest([{ field: '', issue: `the body is nested deeper than ${MAX_DEPTH} levels` }]);
      }
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
}

/** Says where the JSON breaks; where it does not, it was refused for its keys. */
function malformed(text: string): ApiError {
  try {
    JSON.parse(text);
  } catch (cause) {
    return badRequest([{ field: '', issue: `the body is not valid JSON: ${messageOf(cause)}` }]);
  }
  return badRequest([{ field: '', issue: 'the body has a key `__proto__` or `constructor.prototype`; leave it out' }]);
}
