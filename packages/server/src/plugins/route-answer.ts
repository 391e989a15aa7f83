import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { BackgroundResponse } from '@ordinaut/kit';

/** An answer that can be written as it is. */
export interface RouteAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Null: none. */
  readonly body: string | Uint8Array | null;
}

/** @throws TypeError, RangeError for an answer that cannot be written, with what is wrong. */
export function routeAnswer(response: BackgroundResponse): RouteAnswer {
  if (typeof response !== 'object' || response === null)
    throw new TypeError(`A route gave ${String(response)}; it must give this.response({ body, … }).`);
  const { body, statusCode } = response;
  const status = statusCode ?? (body === undefined ? 204 : 200);
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw new RangeError(`The status code is ${String(status)}; it must be a whole number from 200 to 599.`);
  return { status, headers: headersOf(response), body: textOf(body) };
}

function headersOf({ body, headers }: BackgroundResponse): Record<string, string> {
  const given = Object.entries(headers ?? {}).map(([name, value]): [string, string] => {
    validateHeaderName(name);
    validateHeaderValue(name, String(value));
    return [name.toLowerCase(), String(value)];
  });
  return { ...(body !== undefined && { 'content-type': typeOf(body) }), ...Object.fromEntries(given) };
}

function textOf(body: unknown): RouteAnswer['body'] {
  if (body === undefined) return null;
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  const text = JSON.stringify(body);
  if (text === undefined) throw new TypeError(`The body is a ${typeof body}, which JSON cannot hold.`);
  return text;
}

function typeOf(body: unknown): string {
  if (typeof body === 'string') return 'text/plain; charset=utf-8';
  return body instanceof Uint8Array ? 'application/octet-stream' : 'application/json; charset=utf-8';
}
