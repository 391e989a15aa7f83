import type { Clock } from '../clock.ts';
import { damagedBody } from './damaged-body.ts';
import { aborted, type Exchange, type ExchangeRequest, type Outcome } from './exchange.ts';
import type { Fault, Faults } from './faults.ts';
import { sleep } from './sleep.ts';
import { codeOfStatus, errorBody, TestError } from './test-error.ts';

export interface FaultyPlace {
  readonly faults: Faults;
  readonly clock: Clock;
  /** Lets every access token that is there count for nothing any more. */
  expireTokens(): void;
}

/** An exchange in which things go wrong as they were armed. */
export const withFaults =
  (exchange: Exchange, { faults, clock, expireTokens }: FaultyPlace): Exchange =>
  async (request) => {
    const fault = faults.take(request);
    if (fault === null) return exchange(request);
    if (fault.delayMs !== undefined) {
      const left = await sleep(clock, fault.delayMs, request.signal).then(
        () => false,
        () => true,
      );
      if (left) return { kind: 'reset' };
    }
    if (fault.expireTokens === true) expireTokens();
    const replaced = fault.status !== undefined || fault.reset === true || fault.hang === true;
    if (!replaced) return damaged(fault, await exchange(request), request.signal);
    // Nobody is told, so it does not count whether somebody waits.
    if (fault.processed === true) await exchange({ ...request, signal: new AbortController().signal });
    if (fault.hang === true) await aborted(request.signal);
    return fault.status === undefined ? { kind: 'reset' } : errorOutcome(fault, fault.status, request, clock);
  };

function damaged(fault: Fault, outcome: Outcome, signal: AbortSignal): Outcome {
  return outcome.kind === 'reset' ? outcome : { ...outcome, ...damagedBody(fault, outcome, signal) };
}

function errorOutcome(
  { retryAfter, details }: Fault,
  status: number,
  { headers }: ExchangeRequest,
  clock: Clock,
): Outcome {
  const requestId = headers['x-request-id'] ?? crypto.randomUUID();
  const error = new TestError(codeOfStatus(status), 'This answer was asked for by a test.', details);
  const { 'www-authenticate': challenge } = error.headers;
  return {
    kind: 'answer',
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'x-request-id': requestId,
      ...(challenge !== undefined && { 'www-authenticate': challenge }),
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    },
    body: JSON.stringify(errorBody(error, requestId, clock.now())),
  };
}
