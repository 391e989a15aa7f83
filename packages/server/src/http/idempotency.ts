/** An answer as it was given, kept to be given again. */
export interface StoredAnswer {
  readonly status: number;
  /** The body, byte for byte. */
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export type Begun =
  /** The key was free and is now held: `complete` or `abandon` must follow. */
  | { readonly kind: 'new' }
  | ({ readonly kind: 'replay' } & StoredAnswer)
  /** The key was used for another request. */
  | { readonly kind: 'mismatch' }
  /** The same request is being answered at this moment. */
  | { readonly kind: 'in_progress' };

/**
 * Remembers which keyed requests were answered, and how, for 24 hours.
 *
 * `begin` is atomic: of any number of callers with one key, one gets `new`. A key that was begun and neither completed nor
 * abandoned (the process died) is free again after ten minutes, twice the longest operation.
 */
export interface IdempotencyStore {
  /** @param key Key of the client together with its principal, up to 512 characters. @param requestHash SHA-256, hex. */
  begin(key: string, requestHash: string): Promise<Begun>;
  complete(key: string, answer: StoredAnswer): Promise<void>;
  abandon(key: string): Promise<void>;
}
