/**
 * One request and its answer, wherever they come from: `fetch` of a program under test, or a socket; and wherever the answer is
 * made: in memory, or by a real server behind a proxy.
 *
 *   fetch ──┐                                             ┌──> in-memory server
 *           ├──> request log ──> faults ──> an exchange ──┤
 *   socket ─┘                                             └──> a real server
 */
export interface ExchangeRequest {
  readonly method: string;
  /** Path and query, as they came. */
  readonly target: string;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
  /** Aborted when whoever asked has left. */
  readonly signal: AbortSignal;
}

/** A text; or pieces as they come. One that throws `ConnectionCut` ends with its connection. */
export type ExchangeBody = string | AsyncIterable<string | Uint8Array>;

export type Outcome =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: ExchangeBody;
    }
  /** The connection ends, and there is no answer. */
  | { readonly kind: 'reset' };

export type Exchange = (request: ExchangeRequest) => Promise<Outcome>;

/** Thrown by a body whose connection ends in the middle. */
export class ConnectionCut extends Error {
  constructor() {
    super('The connection was reset.');
    this.name = 'ConnectionCut';
  }
}

/** Resolves when the signal is aborted. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

export const pathOf = ({ target }: Pick<ExchangeRequest, 'target'>): string => target.split('?', 1)[0] ?? '';
