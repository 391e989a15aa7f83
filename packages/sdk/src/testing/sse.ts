import type { Clock } from '../clock.ts';
import { sleep } from './sleep.ts';

export interface SseMessage {
  readonly event: string;
  readonly id?: string;
  readonly data: unknown;
}

export const sseHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  connection: 'close',
};

const formatMessage = ({ event, id, data }: SseMessage): string =>
  `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;

interface SseSettings {
  readonly clock: Clock;
  /** How long a silence is, in milliseconds. */
  readonly heartbeatMs: number;
  /** Ends the stream. Has to be aborted in the end, also where nobody has read the body. */
  readonly signal: AbortSignal;
}

/**
 * The events of a source as the body of a stream, with an event `heartbeat` after each silence. The source is listened to from now on,
 * and not from when somebody reads: what happens in between would be missed.
 *
 * @param open makes the source, which ends when the signal it is given is aborted.
 */
export function sseBody(
  open: (signal: AbortSignal) => AsyncIterator<SseMessage>,
  { clock, heartbeatMs, signal }: SseSettings,
): AsyncIterable<string> {
  const over = new AbortController();
  const end = () => {
    signal.removeEventListener('abort', end);
    over.abort();
  };
  signal.addEventListener('abort', end);
  if (signal.aborted) end();
  const source = open(over.signal);
  let next = source.next();
  // It may fail while nobody waits for it; whoever waits later still gets the failure.
  next.catch(() => undefined);

  async function* body(): AsyncGenerator<string> {
    try {
      // Headers leave with the first bytes, and a client waits for them.
      yield ': connected\n\n';
      while (!over.signal.aborted) {
        const result = await nextOrSilence(next, clock, heartbeatMs, over.signal);
        if (result === 'silence') {
          const data = { timestamp: new Date(clock.now()).toISOString(), interval_seconds: heartbeatMs / 1000 };
          yield formatMessage({ event: 'heartbeat', data });
          continue;
        }
        if (result === 'over' || result.done === true) return;
        yield formatMessage(result.value);
        next = source.next();
      }
    } finally {
      end();
      void source.return?.();
    }
  }
  return body();
}

async function nextOrSilence(
  next: Promise<IteratorResult<SseMessage>>,
  clock: Clock,
  heartbeatMs: number,
  signal: AbortSignal,
): Promise<IteratorResult<SseMessage> | 'silence' | 'over'> {
  const heard = new AbortController();
  const silence = sleep(clock, heartbeatMs, AbortSignal.any([heard.signal, signal])).then(
    () => 'silence' as const,
    () => 'over' as const,
  );
  try {
    return await Promise.race([next, silence]);
  } finally {
    heard.abort();
  }
}
