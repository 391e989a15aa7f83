import { afterEach } from 'vitest';
import { RunFailure } from '../../src/kernel/errors.ts';
import { GuardedHttpClient, type GuardedHttpOptions, type HttpRequest } from '../../src/outgoing/guarded-client.ts';

const clients: GuardedHttpClient[] = [];

/** A client that ends with the test. */
export function clientOf(options?: GuardedHttpOptions): GuardedHttpClient {
  const client = new GuardedHttpClient(options);
  clients.push(client);
  return client;
}
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

/** One that reaches the servers of a test. */
export const local = (): GuardedHttpClient => clientOf({ allow: ['127.0.0.1'] });

export const get = (client: GuardedHttpClient, url: string, more: Partial<HttpRequest> = {}) =>
  client.request({
    method: 'GET',
    url,
    signal: new AbortController().signal,
    timeoutMs: null,
    maxResponseBytes: 1_048_576,
    maxRedirects: 5,
    ...more,
  });

export async function failureOf(call: Promise<unknown>): Promise<RunFailure> {
  const error = await call.then(
    () => new Error('It did not fail.'),
    (reason: unknown) => reason,
  );
  if (error instanceof RunFailure) return error;
  throw error;
}
