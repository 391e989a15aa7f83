import { redact } from './redact.ts';

/** What went wrong; one for each class of error. */
export type ErrorKind =
  | 'configuration'
  | 'validation'
  | 'bad_request'
  | 'authentication'
  | 'permission'
  | 'not_found'
  | 'conflict'
  | 'pipeline_failed'
  | 'rate_limit'
  | 'server'
  | 'unavailable'
  | 'partial_outage'
  | 'connection'
  | 'timeout'
  | 'aborted'
  | 'unexpected_answer';

/** One request that was sent for a call. */
export interface Attempt {
  /** 1 for the first. */
  readonly number: number;
  /** Milliseconds since the call began. */
  readonly startedMs: number;
  /** Milliseconds until the answer was read, or the failure known. */
  readonly durationMs: number;
  /** HTTP status; null where no answer came. */
  readonly status: number | null;
  /** Code of the error; null where all was well. */
  readonly code: string | null;
  readonly requestId: string | null;
  /** Milliseconds waited before the next one; null for the last. */
  readonly waitedMs: number | null;
}

export interface ErrorFacts {
  readonly code?: string;
  readonly status?: number | null;
  readonly requestId?: string | null;
  readonly operation?: string | null;
  readonly attempts?: readonly Attempt[];
  readonly retryable?: boolean;
  readonly retryAfterMs?: number | null;
  readonly idempotencyKey?: string | null;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly body?: Readonly<Record<string, unknown>> | null;
  readonly cause?: unknown;
}

const brand = Symbol.for('@ordinaut/sdk/error');
const inspectCustom = Symbol.for('nodejs.util.inspect.custom');

/**
 * Every failure of the client is one of these. `instanceof` also holds for errors of another copy of this package: they are known by a
 * brand, and not by their constructor.
 */
export abstract class OrdinautError extends Error {
  declare readonly kind: ErrorKind;
  /** The error body as the server sent it; null where there was none, or one of something else. */
  declare readonly body: Readonly<Record<string, unknown>> | null;
  /** Stable code: that of the server where it answered, otherwise the kind. */
  readonly code: string;
  /** HTTP status of the last answer; null where there was none. */
  readonly status: number | null;
  /** Id of the last request in the log of the server. */
  readonly requestId: string | null;
  /** Name of the operation, for example `tasks.create`. */
  readonly operation: string | null;
  /** The requests that were sent, with their times. */
  readonly attempts: readonly Attempt[];
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;
  /** Milliseconds that the server asks to wait; null where it does not say. */
  readonly retryAfterMs: number | null;
  /** What was sent as `Idempotency-Key`: the same call may be made again with it, and is done once. */
  readonly idempotencyKey: string | null;
  /** What the server adds, for example `errors` with the bad fields. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    const kinds = kindsOf(new.target);
    const [kind = 'configuration'] = kinds;
    // Not the name of the class, which bundlers make short.
    const name = kind === 'aborted' ? 'AbortError' : `${pascalCase(kind)}Error`;
    // Not shown among the fields that differ from error to error.
    const hidden = { [brand]: kinds, name, kind, body: facts.body ?? null };
    for (const field of Reflect.ownKeys(hidden)) {
      Object.defineProperty(this, field, { value: Reflect.get(hidden, field), configurable: true });
    }
    this.code = facts.code ?? kind;
    this.status = facts.status ?? null;
    this.requestId = facts.requestId ?? null;
    this.operation = facts.operation ?? null;
    this.attempts = facts.attempts ?? [];
    this.retryable = facts.retryable ?? false;
    this.retryAfterMs = facts.retryAfterMs ?? null;
    this.idempotencyKey = facts.idempotencyKey ?? null;
    this.details = facts.details ?? {};
  }

  /** Kind of the class; undefined for the base. Set by each class. */
  static readonly kind: ErrorKind | undefined = undefined;

  static override [Symbol.hasInstance](value: unknown): boolean {
    const kinds = brandOf(value);
    if (kinds === null) return false;
    // biome-ignore lint/complexity/noThisInStatic: the class that is asked, which may be a subclass
    return this.kind === undefined ? true : kinds.includes(this.kind);
  }

  /** What `console.log` shows in Node: the same as of every error, without values that look like credentials. */
  [inspectCustom](_depth: number, options: object, inspect: (value: unknown, options: object) => string): string {
    // The stack begins with the message.
    const { stack, cause } = this;
    const shown = Object.create(this, {
      [inspectCustom]: {},
      stack: { value: redact(stack) },
      ...(cause !== undefined && { cause: { value: cause } }),
    });
    return inspect(Object.assign(shown, redact({ ...this })), options);
  }

  /** What can be logged: values that look like credentials are left out. */
  toJSON(): Record<string, unknown> {
    const { name, kind, message, code, status, requestId, operation, retryable, retryAfterMs, attempts, details } =
      this;
    const { idempotencyKey } = this;
    return redact({
      name,
      kind,
      message,
      code,
      status,
      requestId,
      operation,
      retryable,
      retryAfterMs,
      idempotencyKey,
      attempts,
      details,
      ...(this.cause instanceof Error && { cause: { name: this.cause.name, message: this.cause.message } }),
    });
  }
}

/** Whether it is an error of this package, in whatever copy, and of one of these kinds if some are named. */
export function isOrdinautError(value: unknown, ...kinds: ErrorKind[]): value is OrdinautError {
  const branded = brandOf(value);
  return branded !== null && (kinds.length === 0 || kinds.some((kind) => branded.includes(kind)));
}

function brandOf(value: unknown): readonly string[] | null {
  if (typeof value !== 'object' || value === null) return null;
  const kinds: unknown = Reflect.get(value, brand);
  return Array.isArray(kinds) ? kinds : null;
}

const pascalCase = (name: string): string => name.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());

/** The kind of a class and of those it extends. */
function kindsOf(target: { readonly kind: ErrorKind | undefined } | null): ErrorKind[] {
  const kinds: ErrorKind[] = [];
  for (let each: unknown = target; typeof each === 'function'; each = Object.getPrototypeOf(each)) {
    const kind: unknown = Reflect.get(each, 'kind');
    if (typeof kind === 'string' && !kinds.includes(kind as ErrorKind)) kinds.push(kind as ErrorKind);
  }
  return kinds;
}
