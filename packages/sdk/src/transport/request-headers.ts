import type { Core } from '../core.ts';
import type { Grant } from '../credentials/credential-source.ts';
import { ConfigurationError } from '../errors.ts';
import type { CallInfo } from '../telemetry/events.ts';
import type { OutgoingRequest } from './outgoing-request.ts';

/** @throws ConfigurationError for what cannot stand in a header. */
export function requestHeaders(
  core: Core,
  {
    request,
    call,
    grant,
    key = null,
    own = {},
    accept = 'application/json',
  }: {
    readonly request: OutgoingRequest;
    readonly call: CallInfo;
    readonly grant: Grant | null;
    readonly key?: string | null;
    readonly own?: Readonly<Record<string, string>> | undefined;
    readonly accept?: string;
  },
): Headers {
  const headers = new Headers({ accept });
  const set = (name: string, value: string) => {
    try {
      headers.set(name, value);
    } catch {
      // The value may be a secret, and the error of the platform shows it.
      throw new ConfigurationError(`The header "${name}" has a name or value that HTTP does not allow.`);
    }
  };
  if (request.contentType !== undefined) set('content-type', request.contentType);
  for (const given of [core.options.headers, core.telemetry.headersOf(call), own]) {
    for (const [name, value] of Object.entries(given)) set(name, value);
  }
  if (grant !== null) set(grant.header, grant.value);
  if (key !== null) set('idempotency-key', key);
  return headers;
}
