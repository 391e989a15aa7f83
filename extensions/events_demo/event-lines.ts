import type { Gap, StreamEvent } from '@ordinaut/kit';

/** Milliseconds of silence after which a heartbeat shows that the connection is alive. */
const HEARTBEAT_MS = 15_000;

/** Events as server-sent events (HTML Living Standard, section 9.2). Ends when `source` does. */
export async function* eventLines(stream: string, source: AsyncIterable<StreamEvent | Gap>): AsyncGenerator<string> {
  const events = source[Symbol.asyncIterator]();
  const pull = () => {
    const next = events.next();
    // It may fail when nobody waits for it any more.
    next.catch(() => undefined);
    return next;
  };
  try {
    let next = pull();
    // A comment, which clients pass over: it sends the headers, so that they know that they are connected.
    yield ': connected\n\n';
    for (;;) {
      const result = await orSilence(next);
      if (result === 'silence') {
        yield message({ event: 'heartbeat', data: { timestamp: new Date().toISOString() } });
        continue;
      }
      if (result.done) return;
      yield lineOf(stream, result.value);
      next = pull();
    }
  } finally {
    await events.return?.();
  }
}

function lineOf(stream: string, event: StreamEvent | Gap): string {
  if ('gap' in event) return message({ event: 'gap', data: { stream, after: event.after, oldest: event.oldest } });
  return message({ id: event.id, data: { stream, id: event.id, data: event.data } });
}

/** Ids come from the server and hold no line break; JSON never does. */
const message = ({ event, id, data }: { event?: string; id?: string; data: unknown }): string =>
  `${event === undefined ? '' : `event: ${event}\n`}${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;

/** @throws what `next` throws. */
async function orSilence<Result>(next: Promise<Result>): Promise<Result | 'silence'> {
  const silence = Promise.withResolvers<'silence'>();
  const timer = setTimeout(silence.resolve, HEARTBEAT_MS, 'silence');
  try {
    return await Promise.race([next, silence.promise]);
  } finally {
    clearTimeout(timer);
  }
}
