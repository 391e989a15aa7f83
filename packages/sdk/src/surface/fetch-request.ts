import type { CallOptions } from '../call.ts';
import { ConfigurationError } from '../errors.ts';
import type { OperationEntry } from '../operation-entry.ts';
import type { OutgoingRequest } from '../transport/outgoing-request.ts';

/** A request of `client.fetch`. */
export interface FetchOptions extends CallOptions {
  /** Default: `GET`. */
  readonly method?: string;
  /** Sent as it is; what is to be JSON has to be text already, with its `content-type` in `headers`. */
  readonly body?: string | Blob | ArrayBuffer | Uint8Array<ArrayBuffer>;
  /** Whether it may be sent again. Default: `safe` for `GET` and `HEAD`, otherwise `single`. */
  readonly repeat?: OperationEntry['repeat'];
}

/** @throws ConfigurationError for a path that leads to another server. */
export function fetchRequest(path: string, { method = 'GET', body, repeat }: FetchOptions): OutgoingRequest {
  if (!/^\/(?![/\\])/.test(path)) {
    throw new ConfigurationError(`The path "${path}" has to begin with one slash, like "/ext/echo/hello".`);
  }
  const verb = method.toUpperCase();
  const [first = '', second = ''] = path.slice(1).split(/[/?#]/);
  const resource = first === 'ext' ? `ext:${second}` : first;
  const isSafe = verb === 'GET' || verb === 'HEAD';
  return {
    name: `fetch ${resource}`,
    kind: isSafe ? 'read' : 'write',
    method: verb,
    template: `/${first}${first === 'ext' ? `/${second}` : ''}`,
    target: path,
    repeat: repeat ?? (isSafe ? 'safe' : 'single'),
    open: false,
    resource,
    contentType: undefined,
    body,
    parts: null,
    raw: true,
  };
}
