import type { CallOptions } from '../call.ts';
import type { Core } from '../core.ts';
import { ConfigurationError } from '../errors.ts';
import type { OperationEntry } from '../operation-entry.ts';
import type { OutgoingRequest } from '../transport/outgoing-request.ts';
import { urlOf } from '../transport/send-once.ts';

/** A request of `client.fetch`. */
export interface FetchOptions extends CallOptions {
  /** Default: `GET`. */
  readonly method?: string;
  /** Sent as it is; what is to be JSON has to be text already, with its `content-type` in `headers`. */
  readonly body?: string | Blob | ArrayBuffer | Uint8Array<ArrayBuffer>;
  /** Whether it may be sent again. Default: `safe` for `GET` and `HEAD`, otherwise `keyed` with an `idempotencyKey`, else `single`. */
  readonly repeat?: OperationEntry['repeat'];
}

/** @throws ConfigurationError for a path that leads away from `baseUrl`, and for a method or body that cannot be sent. */
export function fetchRequest(
  core: Core,
  path: string,
  { method = 'GET', body, repeat, idempotencyKey }: FetchOptions,
): OutgoingRequest {
  if (!/^\/(?![/\\])/.test(path)) {
    throw new ConfigurationError(`The path "${path}" has to begin with one slash, like "/ext/echo/hello".`);
  }
  const verb = method.toUpperCase();
  const base = urlOf(core, { target: '/' });
  const { href } = new URL(urlOf(core, { target: path }));
  if (!href.startsWith(base)) throw new ConfigurationError(`The path "${path}" leads out of ${base}.`);
  try {
    // `fetch` would say so only when it is to send it, and as if the server did not answer.
    new Request(href, { method, body: body === undefined ? null : '' });
  } catch (cause) {
    throw new ConfigurationError(`${verb} cannot be sent, or not with this body.`, { cause });
  }
  const [first = '', second = ''] = href.slice(base.length).split(/[/?#]/);
  const resource = first === 'ext' ? `ext:${second}` : first;
  const isSafe = verb === 'GET' || verb === 'HEAD';
  return {
    name: `fetch ${resource}`,
    kind: isSafe ? 'read' : 'write',
    method: verb,
    template: `/${first}${first === 'ext' ? `/${second}` : ''}`,
    target: path,
    repeat: repeat ?? (isSafe ? 'safe' : idempotencyKey === undefined ? 'single' : 'keyed'),
    open: false,
    resource,
    contentType: undefined,
    body,
    parts: null,
    raw: true,
  };
}
