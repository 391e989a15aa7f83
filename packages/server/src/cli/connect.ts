import type { OrdinautClient } from '@ordinaut/sdk';
import { credentialsOf } from './credentials/credentials-of.ts';
import { explainFailure } from './explain-failure.ts';
import { openClient } from './open-client.ts';

/** A server, as a command reaches it. */
export interface Connection {
  /** Where it is, as kept logins know it. */
  readonly url: string;
  readonly client: OrdinautClient;
  /** What a command ends with that something went wrong for: failures of the client become sentences with an exit code. */
  explain(error: unknown): unknown;
}

/** Reaches a server with the credentials of this user. @param url of `serverUrl`. */
export function connect(url: string): Connection {
  const credentials = credentialsOf(url);
  return {
    url,
    client: openClient(url, credentials),
    explain: (error) => explainFailure(error, { url, credentials }),
  };
}
