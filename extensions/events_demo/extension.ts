import { Readable } from 'node:stream';
import { defineExtension, type Json, RequestError } from '@ordinaut/kit';
import { eventLines } from './event-lines.ts';
import { streamName } from './stream-name.ts';

/**
 * Event streams over HTTP: `POST /publish/{stream}` stores an event, `GET /subscribe/{stream}` follows the stream as
 * server-sent events, from now on or after the event whose id `Last-Event-ID` has.
 */
export default defineExtension({
  grants: ['ROUTES', 'EVENTS_PUB', 'EVENTS_SUB'],
  setup({ routes, events, signal }) {
    routes.post('/publish/:stream', async ({ params, body }) => {
      const stream = streamName(params);
      if (body === undefined) {
        const issue = 'is missing; send the data of the event as JSON with `Content-Type: application/json`';
        throw new RequestError('bad_request', `The body ${issue}.`, { field: '', issue });
      }
      // What a JSON body is parsed to.
      const event_id = await events.publish(stream, body as Json).catch((error: unknown) => {
        throw inTermsOfStream(error);
      });
      return { success: true, stream, event_id, message: 'The event is published.' };
    });

    routes.get('/subscribe/:stream', async ({ params, headers }, reply) => {
      const stream = streamName(params);
      const left = new AbortController();
      reply.raw.once('close', () => left.abort());
      const source = events.follow(stream, {
        after: eventId(headers['last-event-id']),
        signal: AbortSignal.any([left.signal, signal]),
      });
      return reply
        .headers({
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store',
          // When the stream is over so is its connection, which would otherwise hold up the end of the server.
          connection: 'close',
          // nginx would keep events until its buffer is full.
          'x-accel-buffering': 'no',
        })
        .send(Readable.from(eventLines(stream, source), { objectMode: false, highWaterMark: 16_384 }));
    });
  },
});

/** The topic of the event is what the caller knows as the stream. */
function inTermsOfStream(error: unknown): unknown {
  if (!(error instanceof RequestError) || error.details.field !== 'topic') return error;
  const { issue } = error.details;
  return new RequestError(error.code, `stream: ${issue}`, { field: 'stream', issue });
}

/** @throws RequestError `bad_request` for an id that no event has. */
function eventId(header: string | string[] | undefined): string | null {
  if (header === undefined || header === '') return null;
  if (typeof header === 'string' && /^\d{1,16}-\d{1,16}$/.test(header)) return header;
  const issue = `is ${JSON.stringify(String(header).slice(0, 80))}; it must be the id of an event, for example 1692873600000-0`;
  throw new RequestError('bad_request', `Last-Event-ID ${issue}`, { field: 'Last-Event-ID', issue });
}
