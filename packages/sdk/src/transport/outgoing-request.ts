import { ConfigurationError } from '../errors.ts';
import { type OperationEntry, placeOf } from '../operation-entry.ts';
import { operations } from '../operations.ts';
import type { OperationKind } from '../options.ts';
import { kindOf } from './timeouts.ts';

/** What a call is to send. */
export interface OutgoingRequest {
  /** Name of the operation, or of what `client.fetch` sends. */
  readonly name: string;
  readonly kind: OperationKind;
  readonly method: string;
  readonly template: string;
  /** Path and query, after the base. */
  readonly target: string;
  readonly repeat: OperationEntry['repeat'];
  /** Whether it is sent without credentials. */
  readonly open: boolean;
  /** What its circuit is named after while the server does not say what it needs. */
  readonly resource: string;
  readonly contentType: string | undefined;
  readonly body: string | Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | undefined;
  /** The parts that the contract describes; null where it says nothing of it. */
  readonly parts: RequestParts | null;
  /** The answer is given as it is, whatever its status, and is no JSON. */
  readonly raw?: true;
}

export interface RequestParts {
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

/**
 * The request of an operation.
 *
 * @param given parameters of the path in their order, then the body if it has one, then the query if it has one.
 * @throws ConfigurationError for a parameter that would lead to another path.
 */
export function requestOf(id: string, given: readonly unknown[]): OutgoingRequest {
  const table: Readonly<Record<string, OperationEntry>> = operations;
  const entry = table[id];
  if (entry === undefined) throw new ConfigurationError(`There is no operation "${id}".`);
  const rest = [...given];
  const params: Record<string, unknown> = {};
  const path = entry.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = rest.shift();
    params[name] = value;
    return segment(name, value);
  });
  const body = entry.body ? rest.shift() : undefined;
  const query = entry.query ? definedOf(rest.shift()) : {};
  const text = queryText(query);
  const [resource = id] = placeOf(id, entry).split('.', 1);
  const [name] = Object.values(params);
  return {
    name: id,
    kind: kindOf(id, entry),
    method: entry.method,
    template: entry.path,
    target: `${path}${text === '' ? '' : `?${text}`}`,
    repeat: entry.repeat,
    open: entry.open ?? false,
    // A tool, or an extension, that is out is no outage of the others.
    resource: name !== undefined && /^(tools\.call|extensions\.)/.test(id) ? `${resource}:${name}` : resource,
    ...encode(body, entry.anyBody ?? false),
    parts: { params, query, body },
  };
}

function segment(name: string, value: unknown): string {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  // URLs are normalised: a segment of dots would leave the path of the operation.
  if (text === '' || /^\.{1,2}$/.test(text)) {
    throw new ConfigurationError(
      `${name} is ${JSON.stringify(value) ?? 'undefined'}; it has to be a text that names something.`,
    );
  }
  return encodeURIComponent(text);
}

function definedOf(query: unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(Object(query)).filter(([, value]) => value !== undefined));
}

function queryText(query: Readonly<Record<string, unknown>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  return search.toString();
}

function encode(body: unknown, asItIs: boolean): Pick<OutgoingRequest, 'body' | 'contentType'> {
  if (body === undefined) return { body: undefined, contentType: undefined };
  if (asItIs && body instanceof Blob) return { body, contentType: body.type || 'application/octet-stream' };
  if (asItIs && (body instanceof ArrayBuffer || body instanceof Uint8Array)) {
    return { body: new Uint8Array(body), contentType: 'application/octet-stream' };
  }
  try {
    return { body: JSON.stringify(body), contentType: 'application/json' };
  } catch (cause) {
    throw new ConfigurationError('The body cannot be written as JSON.', { cause });
  }
}
