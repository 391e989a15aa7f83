import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { ADMIN_PASSWORD, withLogin } from '../../../server/test/identity/people.ts';
import { startServer } from '../../../server/test/support/server.ts';
import { shiftedClock } from '../../../server/test/support/shifted-clock.ts';
import { newPlace } from '../../../server/test/support/stores.ts';
import { type ClientOptions, type CommonOptions, OrdinautClient } from '../../src/index.ts';
import {
  createTestServer,
  type Faults,
  type RequestLog,
  type Served,
  startFaultProxy,
  type TestServer,
} from '../../src/testing/index.ts';

/** A server that the suite runs against, with faults before it. */
interface OpenPlace {
  readonly baseUrl: string;
  readonly fetch?: typeof fetch;
  readonly password: string;
  readonly faults: Faults;
  readonly requests: RequestLog;
  /** Null where there are no sockets. */
  readonly served: Served | null;
  /** Lets every access token there is come to its end, as an hour does. */
  expireTokens(): void;
  close(): Promise<void>;
}

const password = ADMIN_PASSWORD;
const unlimited = { rateLimit: null, authRateLimit: null };

/** `http.request` as far as the suite needs it: in memory tools have to be given. */
function withRequests(server: TestServer): TestServer {
  server.seed.tool({ name: 'http.request' }, async ({ url }) => {
    const response = await fetch(String(url));
    return { status: response.status };
  });
  return server;
}

async function inMemory(): Promise<OpenPlace> {
  const server = withRequests(createTestServer({ ...unlimited, users: [{ username: 'admin', password }] }));
  const { faults, requests, expireTokens, close } = server;
  return {
    baseUrl: 'http://127.0.0.1',
    fetch: server.fetch,
    password,
    faults,
    requests,
    served: null,
    expireTokens,
    close,
  };
}

async function bySocket(): Promise<OpenPlace> {
  const server = withRequests(createTestServer({ ...unlimited, users: [{ username: 'admin', password }] }));
  const { faults, requests, expireTokens, close } = server;
  const served = await server.listen();
  return { baseUrl: served.url, password, faults, requests, served, expireTokens, close };
}

async function realServer(): Promise<OpenPlace> {
  const place = await newPlace('sqlite');
  const clock = shiftedClock();
  const api = await startServer(place, { clock, environment: withLogin() });
  const proxy = await startFaultProxy({ upstream: api.url });
  return {
    baseUrl: proxy.url,
    password,
    faults: proxy.faults,
    requests: proxy.requests,
    served: proxy,
    expireTokens: () => clock.shift(3_601_000),
    async close() {
      await proxy.close();
      await api.server.stop();
      await place.remove();
    },
  };
}

const places = { 'in memory': inMemory, 'in memory, by a socket': bySocket, 'the real server, by a proxy': realServer };

/** A place with clients for it, as a test uses it. */
export interface Place extends Omit<OpenPlace, 'close'> {
  /** A client that has logged in as `admin`; closed after the test. */
  client(options?: Partial<CommonOptions>): OrdinautClient;
  /** The same without a login, or with another one. */
  clientOf(options: Partial<ClientOptions>): OrdinautClient;
}

/** Waits between attempts that a test can live with; the rule is the same. */
export const quick = { baseMs: 4, maxMs: 64 };

/** Runs a suite against the server in memory, with and without a socket, and against the real one. */
export function describePlaces(name: string, suite: (place: Place) => void): void {
  describe.each(Object.entries(places))(`${name}: %s`, (_name, open) => {
    let opened: OpenPlace;
    const clients: OrdinautClient[] = [];
    const clientOf = (options: Partial<ClientOptions>): OrdinautClient => {
      const { baseUrl, fetch } = opened;
      const client = new OrdinautClient({
        baseUrl,
        retry: quick,
        ...(fetch && { fetch }),
        ...options,
      } as ClientOptions);
      clients.push(client);
      return client;
    };
    beforeAll(async () => {
      opened = await open();
    });
    beforeEach(() => {
      opened.faults.clear();
      opened.requests.clear();
    });
    afterEach(() => {
      for (const client of clients.splice(0)) client.close();
    });
    afterAll(() => opened.close());
    suite({
      get baseUrl() {
        return opened.baseUrl;
      },
      get faults() {
        return opened.faults;
      },
      get requests() {
        return opened.requests;
      },
      get served() {
        return opened.served;
      },
      password,
      expireTokens: () => opened.expireTokens(),
      client: (options = {}) => clientOf({ username: 'admin', password, ...options }),
      clientOf,
    });
  });
}

/** What a promise was rejected with. */
export const failureOf = (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    (value) => {
      throw new Error(`It did not fail; it gave ${JSON.stringify(value)}.`);
    },
    (error: unknown) => error,
  );

/** Milliseconds that something takes, and what it failed with. */
export async function failureWithin(begin: () => PromiseLike<unknown>): Promise<{ error: unknown; tookMs: number }> {
  const begun = performance.now();
  const error = await failureOf(begin());
  return { error, tookMs: performance.now() - begun };
}
