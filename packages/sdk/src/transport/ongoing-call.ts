import type { Answer, CallOptions } from '../call.ts';
import type { Core } from '../core.ts';
import type { Grant } from '../credentials/credential-source.ts';
import { AbortedError, PartialOutageError, TimeoutError } from '../errors.ts';
import { type Attempt, type ErrorFacts, isOrdinautError, type OrdinautError } from '../ordinaut-error.ts';
import { number } from '../resolve-options.ts';
import type { CallInfo } from '../telemetry/events.ts';
import type { Arrival } from './arrival.ts';
import type { Rank } from './limiter.ts';
import type { OutgoingRequest } from './outgoing-request.ts';
import { readAnswer } from './read-answer.ts';
import { requestHeaders } from './request-headers.ts';
import { backoffMs, mayRepeat } from './retry-rule.ts';
import { Scope } from './scope.ts';
import { sendOnce } from './send-once.ts';
import { timeoutOf } from './timeouts.ts';

export interface SendOptions extends Omit<CallOptions, 'priority'> {
  /** Default: `foreground`. */
  readonly rank?: Rank | undefined;
}

/** Makes a call. */
export const send = (core: Core, request: OutgoingRequest, options: SendOptions = {}): Promise<Answer<unknown>> =>
  new OngoingCall(core, request, options).run();

/**
 * One call: checked, shown with credentials, sent, and sent again where that may help. Everything happens within one deadline.
 *
 * ```text
 * check → credentials → turn → circuit → send → read ─┬→ answer
 *            ↑                                        ├→ 401, once: other credentials ─┐
 *            ├────────────────────────────────────────┼────────────────────────────────┘
 *            └── wait ← budget ← may be repeated ─────┴→ error
 * ```
 */
class OngoingCall {
  readonly #core: Core;
  readonly #request: OutgoingRequest;
  readonly #options: SendOptions;
  readonly #info: CallInfo;
  readonly #timeoutMs: number;
  readonly #attemptTimeoutMs: number;
  readonly #maxAttempts: number;
  readonly #key: string | null;
  readonly #began: number;
  readonly #attempts: Attempt[] = [];
  readonly #scope: Scope;
  #retries = 0;

  constructor(core: Core, request: OutgoingRequest, options: SendOptions) {
    const { clock, timeouts, base, retry } = core.options;
    const times = timeoutOf(request.name, request.kind, timeouts);
    this.#core = core;
    this.#request = request;
    this.#options = options;
    this.#info = { operation: request.name, method: request.method, template: request.template, host: base.host };
    this.#timeoutMs = number('timeoutMs', options.timeoutMs, times.timeoutMs);
    this.#attemptTimeoutMs = number('attemptTimeoutMs', options.attemptTimeoutMs, times.attemptTimeoutMs);
    this.#maxAttempts = number('maxAttempts', options.maxAttempts, retry.attempts);
    this.#key = options.idempotencyKey ?? (request.repeat === 'keyed' ? newKey() : null);
    this.#began = clock.monotonic();
    this.#scope = new Scope({
      clock,
      signals: [
        { signal: options.signal, reason: (cause) => this.#aborted('The call was aborted by its signal.', cause) },
        { signal: core.closed, reason: () => this.#aborted('The client was closed.') },
      ],
      timeoutMs: this.#timeoutMs,
      onTimeout: () =>
        new TimeoutError(`${request.name} was not done within ${this.#timeoutMs} ms.`, {
          ...this.#facts(),
          of: 'call',
          retryable: true,
        }),
    });
  }

  async run(): Promise<Answer<unknown>> {
    const { telemetry, statistics, options } = this.#core;
    let failure: unknown;
    let failed = true;
    telemetry.emit({ type: 'call.start', call: this.#info });
    try {
      await this.#scope.within(this.#core.checker.checkRequest(this.#request, this.#facts));
      const answer = await this.#perform();
      failed = false;
      return answer;
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      this.#scope.dispose();
      const durationMs = options.clock.monotonic() - this.#began;
      statistics.add(this.#request.name, { durationMs, retries: this.#retries, failed });
      telemetry.emit({
        type: 'call.end',
        call: this.#info,
        durationMs,
        attempts: this.#attempts.length,
        retries: this.#retries,
        status: this.#attempts.at(-1)?.status ?? null,
        error: isOrdinautError(failure) ? failure : undefined,
        failed,
      });
    }
  }

  async #perform(): Promise<Answer<unknown>> {
    const { credentials, budget, telemetry } = this.#core;
    let previous: OrdinautError | undefined;
    for (let isRenewed = false; ; ) {
      const grant = this.#request.open ? null : await this.#scope.within(credentials.current());
      const arrival = await this.#send(grant, previous);
      const { error } = arrival;
      if (error === null) {
        budget.succeeded();
        this.#note(arrival, null);
        return await this.#answer(arrival);
      }
      previous = error;
      if (this.#scope.isOver) {
        this.#note(arrival, null);
        throw error;
      }
      const delayMs = this.#delayAfter(error);
      this.#note(arrival, delayMs);
      if (grant !== null && !isRenewed && this.#isRefused(error)) {
        isRenewed = true;
        if (await this.#scope.within(credentials.refused(grant))) continue;
      }
      if (delayMs === null) {
        // Browsers hide answers that lead elsewhere: they have no status.
        if (this.#request.raw && arrival.response?.status) return await this.#answer(arrival);
        throw this.#lastWord(error);
      }
      this.#retries += 1;
      telemetry.emit({ type: 'retry', call: this.#info, attempt: this.#attempts.length, delayMs, code: error.code });
      await this.#scope.sleep(delayMs);
    }
  }

  #send(grant: Grant | null, previous: OrdinautError | undefined): Promise<Arrival> {
    const core = this.#core;
    const request = this.#request;
    return sendOnce(core, {
      request,
      headers: requestHeaders(core, { request, call: this.#info, grant, key: this.#key, own: this.#options.headers }),
      rank: this.#options.rank ?? 'foreground',
      timeoutMs: this.#attemptTimeoutMs,
      scope: this.#scope,
      facts: this.#facts,
      previous,
    });
  }

  async #answer({ response, text, bytes }: Arrival): Promise<Answer<unknown>> {
    if (response === null || bytes === null) throw new Error('There is no answer to read.');
    const requestId = response.headers.get('x-request-id');
    if (this.#request.raw) {
      const { status, statusText, headers } = response;
      // Statuses without a body take none.
      const again = new Response(bytes.byteLength === 0 ? null : bytes, { status, statusText, headers });
      return { data: again, response: again, text: '', requestId, attempts: this.#attempts };
    }
    const facts = () => ({ ...this.#facts(), requestId });
    const data = await this.#scope.within(readAnswer(this.#core, this.#request, response, text, facts));
    return { data, response, text, requestId, attempts: this.#attempts };
  }

  /**
   * Whether the server does not know the credentials. What it has refused so was not begun: it may be sent again, whatever it is. A 401 of
   * an extension, or of a proxy, says nothing of them; answers to HEAD do not show whose they are.
   */
  #isRefused({ status, code }: OrdinautError): boolean {
    return status === 401 && (code === 'unauthorized' || this.#request.method === 'HEAD');
  }

  /** Milliseconds until the next attempt; null: there is none. */
  #delayAfter(error: OrdinautError): number | null {
    const { retry, random } = this.#core.options;
    const { retryAfterMs } = error;
    if (!mayRepeat(this.#request.repeat, error)) return null;
    if (this.#retries + 1 >= this.#maxAttempts) return null;
    if ((retryAfterMs ?? 0) > retry.maxRetryAfterMs) return null;
    const delayMs = (retryAfterMs ?? 0) + backoffMs(this.#retries, retry, random);
    // To wait for what cannot be done in time would only make the news late.
    if (Math.max(delayMs, retryAfterMs ?? 0) >= this.#scope.remainingMs()) return null;
    return this.#core.budget.take() ? delayMs : null;
  }

  /** What is thrown in the end: what failed again and again is called by its name. */
  #lastWord(error: OrdinautError): OrdinautError {
    const refusals = this.#attempts.filter(({ status }) => status === 503).length;
    if (error.status !== 503 || refusals < 2) return error;
    const affected = this.#core.circuits.affectedBy(this.#request.resource);
    return new PartialOutageError(
      `${error.message} (${refusals} attempts; "${affected.dependency}" of ${affected.host} is affected.)`,
      {
        ...error,
        body: error.body,
        affected,
        retryable: true,
        cause: error,
      },
    );
  }

  #note({ response, error, startedAt, endedAt }: Arrival, waitedMs: number | null): void {
    const attempt: Attempt = {
      number: this.#attempts.length + 1,
      startedMs: startedAt - this.#began,
      durationMs: endedAt - startedAt,
      status: response?.status ?? null,
      code: error?.code ?? null,
      requestId: response?.headers.get('x-request-id') ?? null,
      waitedMs,
    };
    this.#attempts.push(attempt);
    this.#core.telemetry.emit({ type: 'attempt', call: this.#info, attempt });
  }

  /** The list of attempts is the same one for every error, and complete when one of them is thrown. */
  readonly #facts = (): ErrorFacts => ({
    operation: this.#request.name,
    attempts: this.#attempts,
    idempotencyKey: this.#key,
  });

  #aborted(message: string, cause?: unknown): AbortedError {
    return new AbortedError(message, { ...this.#facts(), ...(cause !== undefined && { cause }) });
  }
}

/** 128 random bits. `crypto.randomUUID` is missing on pages without TLS. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
