import type { EventStream } from '../event-stream.ts';

/**
 * A stream of what a generator gives. An iteration that is left ends at once, also while it waits for the next item: `return` of a
 * generator alone would wait with it.
 *
 * @param iterate begins an iteration; its signal is aborted when the iteration is left.
 */
export const streamOf = <Item>(iterate: (left: AbortSignal) => AsyncGenerator<Item>): EventStream<Item> => ({
  [Symbol.asyncIterator]() {
    const controller = new AbortController();
    const items = iterate(controller.signal);
    return {
      next: () => items.next(),
      return() {
        controller.abort();
        return items.return(undefined);
      },
    };
  },
});
