import { aborted, type Exchange, type ExchangeBody, type ExchangeRequest } from './exchange.ts';

/** An exchange as a `fetch`: for programs that are given one, with no socket in between, and in browsers too. */
export const fetchOf =
  (exchange: Exchange): typeof fetch =>
  async (input, init) => {
    const request = new Request(input instanceof Request ? input : String(input), init);
    // Not that of the request, which follows this one only as long as nobody collects the request.
    const signal = init?.signal ?? (input instanceof Request ? input.signal : new AbortController().signal);
    signal.throwIfAborted();
    const left = new AbortController();
    const leave = () => left.abort();
    signal.addEventListener('abort', leave, { once: true });
    const done = () => signal.removeEventListener('abort', leave);
    const outcome = await Promise.race([
      exchange(await toExchange(request, left.signal)),
      aborted(left.signal).then(() => null),
    ]);
    if (outcome === null || signal.aborted) {
      done();
      throw signal.reason;
    }
    if (outcome.kind === 'reset') {
      done();
      throw new TypeError('fetch failed', {
        cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
      });
    }
    const { status, headers, body } = outcome;
    const hasBody = status !== 204 && status !== 304 && request.method !== 'HEAD';
    return new Response(hasBody ? toStream(body, signal, left, done) : null, { status, headers });
  };

async function toExchange(request: Request, signal: AbortSignal): Promise<ExchangeRequest> {
  const { pathname, search } = new URL(request.url);
  const bytes = request.body === null ? null : new Uint8Array(await request.arrayBuffer());
  return {
    method: request.method,
    target: pathname + search,
    headers: Object.fromEntries(request.headers),
    body: bytes,
    signal,
  };
}

/** The body as a stream; whoever cancels it, or aborts, has left. */
function toStream(body: ExchangeBody, signal: AbortSignal, left: AbortController, done: () => void): ReadableStream {
  const encoder = new TextEncoder();
  const pieces = typeof body === 'string' ? only(body) : body[Symbol.asyncIterator]();
  const end = () => {
    done();
    left.abort();
    void pieces.return?.().catch(() => undefined);
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const onAbort = () => {
        controller.error(signal.reason);
        end();
      };
      left.signal.addEventListener('abort', () => signal.aborted && onAbort(), { once: true });
    },
    async pull(controller) {
      try {
        const { value, done: isLast } = await pieces.next();
        if (signal.aborted) return;
        if (isLast !== true) return controller.enqueue(typeof value === 'string' ? encoder.encode(value) : value);
        controller.close();
        end();
      } catch (error) {
        if (!signal.aborted) controller.error(new TypeError('terminated', { cause: error }));
        end();
      }
    },
    cancel: end,
  });
}

async function* only(text: string): AsyncGenerator<string> {
  yield text;
}
