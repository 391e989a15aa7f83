import { type CommonOptions, OrdinautClient } from '@ordinaut/sdk';

/**
 * A client for the server at `ORDINAUT_URL`, by default `http://127.0.0.1:8080`, as the command line has it. `ORDINAUT_TOKEN` is an API key
 * or access token; without one it asks as nobody, which a server on loopback accepts.
 */
export function connect(options: Partial<CommonOptions> = {}): OrdinautClient {
  const { ORDINAUT_URL: baseUrl = 'http://127.0.0.1:8080', ORDINAUT_TOKEN: token } = process.env;
  return new OrdinautClient({ baseUrl, ...(token === undefined ? {} : { token }), ...options });
}
