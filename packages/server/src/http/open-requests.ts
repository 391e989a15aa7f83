import type { ServerResponse } from 'node:http';

/**
 * The requests that are being answered, so that shutting down can end them: streams at once, calls when the time to drain
 * is over.
 */
export interface OpenRequests {
  /**
   * A signal for one request.
   *
   * @param options.endsWithClient whether it is aborted when the client leaves before the answer is written.
   */
  signalOf(response: ServerResponse, options: { endsWithClient: boolean; kind: 'stream' | 'call' }): AbortSignal;
  /** Ends the requests of a kind, and those that still come. */
  end(kind: 'stream' | 'call'): void;
}

export function trackRequests(): OpenRequests {
  const open = { stream: new Set<AbortController>(), call: new Set<AbortController>() };
  const ended = { stream: false, call: false };
  return {
    signalOf(response, { endsWithClient, kind }) {
      const controller = new AbortController();
      // The client has left while it was looked at who it is.
      if (response.destroyed) {
        controller.abort(new Error('The client has left.'));
        return controller.signal;
      }
      open[kind].add(controller);
      response.once('close', () => {
        open[kind].delete(controller);
        // A stream is over with its response, also where a HEAD request ended it before it began.
        if (kind === 'stream' || (endsWithClient && !response.writableFinished))
          controller.abort(new Error('The client has left.'));
      });
      if (ended[kind]) controller.abort(new Error('The server is stopping.'));
      return controller.signal;
    },
    end(kind) {
      ended[kind] = true;
      for (const controller of open[kind]) controller.abort(new Error('The server is stopping.'));
    },
  };
}
