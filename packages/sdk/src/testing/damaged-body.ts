import { aborted, ConnectionCut, type ExchangeBody, type Outcome } from './exchange.ts';
import type { Fault } from './faults.ts';

type Whole = Pick<Extract<Outcome, { kind: 'answer' }>, 'headers' | 'body'>;

/** A body with a fault, and the headers that go with it. */
export function damagedBody(fault: Fault, { headers, body }: Whole, signal: AbortSignal): Whole {
  if (fault.cut !== undefined) return { headers: withoutLength(headers), body: cutStream(body, fault.cut, signal) };
  if (fault.stallBody === true) return stalled({ headers, body }, signal);
  if (fault.malformedJson === true) return { headers: withoutLength(headers), body: firstHalf(body) };
  return { headers, body };
}

const withoutLength = ({ 'content-length': _length, ...headers }: Whole['headers']): Whole['headers'] => headers;

function stalled({ headers, body }: Whole, signal: AbortSignal): Whole {
  async function* half(): AsyncGenerator<string | Uint8Array> {
    yield* firstHalf(body);
    await aborted(signal);
    throw new ConnectionCut();
  }
  return { headers: withoutLength(headers), body: half() };
}

async function* firstHalf(body: ExchangeBody): AsyncGenerator<string> {
  const text = await textOf(body);
  yield text.slice(0, Math.max(1, Math.floor(text.length / 2)));
}

async function textOf(body: ExchangeBody): Promise<string> {
  if (typeof body === 'string') return body;
  let text = '';
  for await (const piece of textPieces(body)) text += piece;
  return text;
}

async function* textPieces(body: Exclude<ExchangeBody, string>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const piece of body) yield typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true });
}

async function* cutStream(
  body: ExchangeBody,
  { afterEvents = 0, by }: NonNullable<Fault['cut']>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let left = afterEvents;
  let rest = '';
  // The headers have to leave with something.
  yield ': connected\n\n';
  if (left > 0) {
    // A stream that has no more events of its own stays open for the cut; that is what was asked for.
    for await (const piece of typeof body === 'string' ? [body] : textPieces(body)) {
      rest += piece;
      for (let end = rest.indexOf('\n\n'); end !== -1 && left > 0; end = rest.indexOf('\n\n')) {
        const message = rest.slice(0, end + 2);
        rest = rest.slice(end + 2);
        yield message;
        if (isEvent(message)) left -= 1;
      }
      if (left === 0) break;
    }
  } else if (typeof body !== 'string') void body[Symbol.asyncIterator]().return?.();
  if (by === 'close') return;
  if (by === 'silence') await aborted(signal);
  throw new ConnectionCut();
}

const isEvent = (message: string): boolean =>
  /^data:/m.test(message) && !/^event: ?(heartbeat|connected)$/m.test(message);
