import { systemClock } from '../clock.ts';
import { Refused } from './credentials.ts';
import type { Exchange } from './exchange.ts';
import { Faults } from './faults.ts';
import { forwardTo } from './forward-exchange.ts';
import { type CutBy, LiveStreams } from './live-streams.ts';
import { RequestLog, withLog } from './request-log.ts';
import { type Served, serveExchange } from './serve-exchange.ts';
import { errorBody } from './test-error.ts';
import { withFaults } from './with-faults.ts';

/** A proxy in front of a real server, in which things go wrong as a test says. */
export interface FaultProxy extends Served {
  readonly faults: Faults;
  readonly requests: RequestLog;
  /** Lets the access tokens that came by count for nothing any more: they are answered with 401 here. */
  expireTokens(): void;
  /** Ends the streams that are open; answers how many. */
  cutStreams(by: CutBy): number;
}

/**
 * Starts a proxy.
 *
 * @param options.upstream where the server is, for example `http://127.0.0.1:8080`.
 * @throws TypeError for an address that does not begin with `http://`.
 */
export async function startFaultProxy({ upstream }: { upstream: string }): Promise<FaultProxy> {
  if (!URL.canParse(upstream) || new URL(upstream).protocol !== 'http:')
    throw new TypeError(`The upstream is ${upstream}; it must be an address such as http://127.0.0.1:8080.`);
  const faults = new Faults();
  const requests = new RequestLog();
  const tokens = new Map<string, { expired: boolean }>();
  const expireTokens = (): void => {
    for (const token of tokens.values()) token.expired = true;
  };
  const server = forwardTo(upstream);
  const checked: Exchange = async (request) => {
    const { authorization } = request.headers;
    if (authorization === undefined) return server.exchange(request);
    const token = tokens.get(authorization) ?? { expired: false };
    tokens.set(authorization, token);
    return token.expired ? expiredAnswer(request.headers['x-request-id']) : server.exchange(request);
  };
  const exchange = withFaults(checked, { faults, clock: systemClock, expireTokens });
  const streams = new LiveStreams();
  const served = await serveExchange(withLog(streams.of(exchange), requests, systemClock));
  return {
    ...served,
    faults,
    requests,
    expireTokens,
    cutStreams: (by) => streams.cut(by),
    close: async () => {
      await served.close();
      server.close();
    },
  };
}

function expiredAnswer(requestId: string = crypto.randomUUID()) {
  const error = new Refused('The access token has expired; refresh it or log in again.');
  return {
    kind: 'answer',
    status: error.status,
    headers: { ...error.headers, 'content-type': 'application/json; charset=utf-8', 'x-request-id': requestId },
    body: JSON.stringify(errorBody(error, requestId, systemClock.now())),
  } as const;
}
