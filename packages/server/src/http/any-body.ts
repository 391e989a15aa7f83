import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RequestBody } from '../handlers/request-body.ts';
import { ApiError, badRequest, messageOf } from '../kernel/errors.ts';
import { shorten } from './error-body.ts';
import { charsetOf, checkNotCompressed, jsonParser } from './json-body.ts';

const json = /^application\/([\w.-]+\+)?json$/i;
const text =
  /^(text\/.*|application\/(x-www-form-urlencoded|xml|yaml|x-yaml|toml|javascript|x-ndjson|.*\+(xml|yaml)))$/i;

/**
 * Reads bodies of every content type, as `RequestBody`: JSON as JSON, what is text as text in its charset (default: UTF-8), everything
 * else as base64. For the routes of this instance alone. An empty body is none.
 */
export function addAnyBody(app: FastifyInstance): void {
  const parseJson = jsonParser(app);
  app.setErrorHandler((error, request) => {
    throw isNoMediaType(error) ? noMediaType(request.headers['content-type'] ?? '') : error;
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (request, buffer, done) => {
    const contentType = request.headers['content-type'] ?? null;
    const type = contentType?.split(';', 1)[0]?.trim() ?? '';
    if (json.test(type)) {
      return parseJson(request, buffer, (error, value) =>
        done(error, value === undefined ? undefined : ({ encoding: 'json', value, contentType } satisfies RequestBody)),
      );
    }
    try {
      done(null, readBytes(request, buffer, { contentType, isText: text.test(type) }));
    } catch (error) {
      done(error instanceof Error ? error : new Error(messageOf(error)));
    }
  });
}

const isNoMediaType = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE';

const noMediaType = (sent: string): ApiError =>
  new ApiError(
    'unsupported_media_type',
    `\`Content-Type: ${shorten(sent)}\` is no media type; any is taken that is written as type/subtype, such as text/plain or application/octet-stream.`,
  );

function readBytes(
  request: FastifyRequest,
  buffer: Buffer,
  { contentType, isText }: { contentType: string | null; isText: boolean },
): RequestBody | undefined {
  if (buffer.length === 0) return undefined;
  checkNotCompressed(request);
  request.rawBody = buffer;
  if (!isText) return { encoding: 'base64', value: buffer.toString('base64'), contentType };
  return { encoding: 'text', value: decode(buffer, charsetOf(contentType ?? '') ?? 'utf-8'), contentType };
}

function decode(buffer: Buffer, charset: string): string {
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(charset, { fatal: true });
  } catch (cause) {
    const message = `The charset ${charset} is not known; send the text as UTF-8, or as application/octet-stream.`;
    throw new ApiError('unsupported_media_type', message, { cause });
  }
  try {
    return decoder.decode(buffer);
  } catch {
    throw badRequest([
      {
        field: '',
        issue: `the body is not valid ${decoder.encoding}; say its charset, or send it as application/octet-stream`,
      },
    ]);
  }
}
