import { Readable } from 'node:stream';

/**
 * Server-sent events (HTML Living Standard, section 9.2).
 *
 * @fastify/sse 0.6 was tried first: its heartbeat is a comment and not an event a client can see, and a client that leaves
 * is noticed only at the next event, which keeps the source open until then. Fastify's own stream answers do the rest:
 * back-pressure, and destroying the stream when the connection ends.
 */
export interface SseMessage {
  readonly event: string;
  readonly id?: string;
  readonly data: unknown;
}

/** Milliseconds between heartbeats. */
export const HEARTBEAT_MS = 15_000;

/** How long the first event, or the failure in its place, is waited for before the headers are sent, in milliseconds. */
const FIRST_EVENT_MS = 250;
/** Goes out where no event has come by then: headers leave with the first bytes, and a client waits for them. Clients pass over it. */
const CONNECTED = ': connected\n\n';

/** A message on the wire. Ids and event names come from us and hold no line break; JSON never does. */
export const formatMessage = ({ event, id, data }: SseMessage): string =>
  `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;

export const sseHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  // When the stream is over so is its connection, which would otherwise stay open and hold up the end of the server.
  connection: 'close',
  // nginx would keep events until its buffer is full.
  'x-accel-buffering': 'no',
};

/**
 * The events of `source` as a body, with a `heartbeat` event after every 15 s of silence.
 *
 * The first event is awaited, so that an error of the source (`not_found`) is thrown here and can be answered as one.
 *
 * @param signal ends the stream: the client has left, or the server stops. The source is expected to listen to it, too.
 * @throws what the source throws before its first event.
 */
export async function openStream(source: AsyncIterable<SseMessage>, signal: AbortSignal): Promise<Readable> {
  const events = source[Symbol.asyncIterator]();
  const pull = () => {
    const next = events.next();
    // It may fail while nobody waits for it; whoever waits later still gets the failure.
    next.catch(() => undefined);
    return next;
  };
  let next = pull();
  // Not left to the body alone: one that nobody reads, because the client has left or asked for the head, never gets to its
  // end. Not awaited: a source that is still waiting answers when it has heard the signal.
  const close = () => {
    signal.removeEventListener('abort', close);
    void events.return?.().catch(() => undefined);
  };
  signal.addEventListener('abort', close);
  let isQuiet: boolean;
  try {
    isQuiet = (await settled(next, FIRST_EVENT_MS, signal)) === 'silence';
  } catch (error) {
    close();
    throw error;
  }
  if (signal.aborted) close();

  async function* body(): AsyncGenerator<string> {
    try {
      if (isQuiet) yield CONNECTED;
      for (;;) {
        const result = await settled(next, HEARTBEAT_MS, signal);
        if (result === 'aborted') return;
        if (result === 'silence') {
          const data = { timestamp: new Date().toISOString(), interval_seconds: HEARTBEAT_MS / 1000 };
          yield formatMessage({ event: 'heartbeat', data });
          continue;
        }
        if (result.done) return;
        yield formatMessage(result.value);
        next = pull();
      }
    } finally {
      close();
    }
  }
  return Readable.from(body(), { objectMode: false, highWaterMark: 16_384 });
}

/** The next event; or that none came for `ms`, or that nobody wants it any more. */
function settled<T>(
  next: Promise<IteratorResult<T>>,
  ms: number,
  signal: AbortSignal,
): Promise<IteratorResult<T> | 'silence' | 'aborted'> {
  return new Promise((resolve, reject) => {
    const cleanUp = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
    const finish = (result: IteratorResult<T> | 'silence' | 'aborted') => {
      cleanUp();
      resolve(result);
    };
    const onAbort = () => finish('aborted');
    const timer = setTimeout(finish, ms, 'silence');
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    next.then(finish, (error: unknown) => {
      cleanUp();
      reject(error);
    });
  });
}
