import type { Core } from '../core.ts';
import { TimeoutError } from '../errors.ts';
import type { ErrorFacts, OrdinautError } from '../ordinaut-error.ts';
import { answerError } from './answer-error.ts';
import type { Arrival } from './arrival.ts';
import { connectionError } from './connection-error.ts';
import { isBrowser } from './is-browser.ts';
import type { Rank } from './limiter.ts';
import type { OutgoingRequest } from './outgoing-request.ts';
import { retryAfterOf } from './retry-after.ts';
import { Scope } from './scope.ts';

export interface Sending {
  readonly request: OutgoingRequest;
  readonly headers: Headers;
  readonly rank: Rank;
  /** Milliseconds for the answer with its body. */
  readonly timeoutMs: number;
  /** That of the whole call. */
  readonly scope: Scope;
  readonly facts: () => ErrorFacts;
  /** What came of the attempt before; undefined for the first. */
  readonly previous: OrdinautError | undefined;
}

/**
 * Sends a request once, and reads the answer with its body.
 *
 * @throws PartialOutageError where a circuit is open: this time nothing was sent; and the reason of the call's scope, when it ends while it waits
 * for its turn.
 */
export async function sendOnce(core: Core, sending: Sending): Promise<Arrival> {
  const { request, scope: call, facts } = sending;
  const { clock } = core.options;
  const leave = await core.limiter.enter(sending.rank, call);
  try {
    call.signal.throwIfAborted();
    const passage = core.circuits.enter(request.resource, () => ({ ...facts(), cause: sending.previous }));
    // Who hears of circuits may have ended it.
    if (call.isOver) passage.unknown();
    call.signal.throwIfAborted();
    const startedAt = clock.monotonic();
    const ended = (arrived: Pick<Arrival, 'response' | 'error'> & Partial<Arrival>): Arrival => ({
      text: '',
      bytes: null,
      startedAt,
      endedAt: clock.monotonic(),
      ...arrived,
    });
    const scope = new Scope({
      clock,
      signals: [{ signal: call.signal }],
      timeoutMs: sending.timeoutMs,
      onTimeout: () =>
        new TimeoutError(`${request.name} was not answered within ${sending.timeoutMs} ms.`, {
          ...facts(),
          of: 'attempt',
          retryable: true,
        }),
    });
    // The caller hears of the end first: what `fetch` does to close a connection takes its time.
    const sent = new AbortController();
    scope.signal.addEventListener('abort', () => nextTurn(() => sent.abort()));
    try {
      const response = await scope.within(core.options.fetch(urlOf(core, request), initOf(sending, sent.signal)));
      const bytes = await scope.within(response.arrayBuffer());
      const text = request.raw && response.ok ? '' : new TextDecoder().decode(bytes);
      if (response.ok) {
        passage.worked();
        return ended({ response, text, bytes, error: null });
      }
      const retryAfterMs = retryAfterOf(response.headers, core.serverNow);
      const error = answerError(response, text, { ...facts(), retryAfterMs });
      if (response.status === 503) passage.failed(dependencyOf(error), retryAfterMs);
      // Whoever stands before the server says these; of the server itself they say nothing.
      else if (response.status === 502 || response.status === 504) passage.unknown();
      else passage.worked();
      return ended({ response, text, bytes, error });
    } catch (cause) {
      if (scope.isOver) {
        passage.unknown();
        return ended({ response: null, error: scope.signal.reason });
      }
      const error = connectionError(cause, core.options.base, facts());
      // What is wrong on this side says nothing of the server.
      if (error.retryable) passage.unreachable();
      else passage.unknown();
      return ended({ response: null, error });
    } finally {
      scope.dispose();
    }
  } finally {
    nextTurn(leave);
  }
}

/**
 * The place is free when the socket is: `fetch` of Node takes a connection again one turn after the body is read, and would open another
 * until then (82 instead of 50 for 300 calls).
 */
function nextTurn(act: () => void): void {
  if ('setImmediate' in globalThis) setImmediate(act);
  else setTimeout(act, 0);
}

export const urlOf = ({ options: { base } }: Core, { target }: Pick<OutgoingRequest, 'target'>): string =>
  base.origin + base.pathname.replace(/\/$/, '') + target;

const initOf = ({ request, headers }: Sending, signal: AbortSignal): RequestInit => ({
  method: request.method,
  headers,
  signal,
  // Credentials are for this address and no other.
  redirect: 'manual',
  ...(request.body !== undefined && { body: request.body }),
  ...withoutCookies,
});

/** Cookies belong to pages; workers have no such option, and some refuse it. */
export const withoutCookies: RequestInit = isBrowser ? { credentials: 'omit' } : {};

function dependencyOf({ details }: OrdinautError): string | undefined {
  if (typeof details.dependency === 'string') return details.dependency;
  return typeof details.extension_id === 'string' ? `ext:${details.extension_id}` : undefined;
}
