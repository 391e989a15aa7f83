import { aborted, ConnectionCut, type Exchange } from './exchange.ts';

/** How a stream ends: as if all were well, with its connection, or not at all, and nothing comes any more. */
export type CutBy = 'close' | 'reset' | 'silence';

/** The streams that are open, so that a test can end them. */
export class LiveStreams {
  readonly #cuts = new Set<(by: CutBy) => void>();

  /** How many are open. */
  get size(): number {
    return this.#cuts.size;
  }

  /** Ends all that are open; answers how many. */
  cut(by: CutBy): number {
    const cuts = [...this.#cuts];
    for (const cut of cuts) cut(by);
    return cuts.length;
  }

  /** The same exchange, whose streams are known here. */
  of(exchange: Exchange): Exchange {
    return async (request) => {
      const outcome = await exchange(request);
      if (outcome.kind === 'reset' || typeof outcome.body === 'string') return outcome;
      return { ...outcome, body: this.#known(outcome.body, request.signal) };
    };
  }

  async *#known(body: AsyncIterable<string | Uint8Array>, signal: AbortSignal): AsyncGenerator<string | Uint8Array> {
    const { promise, resolve: cut } = Promise.withResolvers<CutBy>();
    const cutting = promise.then((by) => ({ by }));
    this.#cuts.add(cut);
    const pieces = body[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await Promise.race([pieces.next(), cutting]);
        if ('by' in next) {
          this.#cuts.delete(cut);
          if (next.by === 'close') return;
          if (next.by === 'silence') await aborted(signal);
          throw new ConnectionCut();
        }
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      this.#cuts.delete(cut);
      void pieces.return?.();
    }
  }
}
