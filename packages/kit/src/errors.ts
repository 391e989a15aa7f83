import { type HttpErrorCode, httpErrors } from '@ordinaut/contract';
import type { Capability } from './capability.ts';

/**
 * The failures an extension can throw to say what should follow. The host knows them by their brand and not by their class, so
 * that an extension which brings its own copy of the kit is understood too.
 */
const brand = Symbol.for('ordinaut.kit.error');

/** Kind of a failure, as the host reads it. */
export type KitErrorKind = 'not_ready' | 'fatal' | 'request';

/**
 * Thrown in `setup`: something that is needed is not there yet. The next use tries again, after a delay that grows from 1 s
 * to 60 s. Any other error in `setup` is treated the same.
 */
export class NotReady extends Error {
  override readonly name = 'NotReady';
  readonly [brand]: KitErrorKind = 'not_ready';
}

/** Thrown in `setup`: it will never work as it is installed. It is not tried again until it is reloaded or the server starts. */
export class Fatal extends Error {
  override readonly name = 'Fatal';
  readonly [brand]: KitErrorKind = 'fatal';
}

/**
 * Thrown in a route or a tool: the caller is told code, message and details as they stand.
 *
 * @example
 * ```ts
 * throw new RequestError('not_found', 'There is no city Atlantis.', { field: 'city' });
 * ```
 */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly [brand]: KitErrorKind = 'request';
  /** A code of the error catalogue, for example `bad_request`. */
  readonly code: HttpErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: HttpErrorCode, message?: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message ?? httpErrors[code].sentence);
    this.code = code;
    this.details = details;
  }

  /** HTTP status of the code. */
  get statusCode(): number {
    return httpErrors[this.code].status;
  }
}

/** Something was used that is not granted; a caller of the route or tool gets `forbidden` with these details. */
export class CapabilityError extends RequestError {
  constructor(extensionId: string, required: Capability, granted: readonly Capability[]) {
    super(
      'forbidden',
      `The extension ${extensionId} is not granted ${required}. Add it to "grants" in its extension.json, or do without it.`,
      { extension_id: extensionId, required_capability: required, granted_capabilities: [...granted] },
    );
  }
}

/** The kind of a failure that was thrown by any copy of the kit; null for everything else. */
export function kindOfError(error: unknown): KitErrorKind | null {
  if (typeof error !== 'object' || error === null || !(brand in error)) return null;
  return error[brand] as KitErrorKind;
}
