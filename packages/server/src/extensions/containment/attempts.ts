import { kindOfError } from '@ordinaut/kit';
import type { Clock } from '../../kernel/clock.ts';
import { messageOf } from '../../kernel/errors.ts';
import { ActivationError, type Phase } from '../activation-error.ts';

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;

/** Why an activation failed. */
export interface Failure {
  readonly message: string;
  readonly phase: Phase | null;
  /** What was thrown. */
  readonly cause: unknown;
  /** It will never work as it is installed. */
  readonly fatal: boolean;
  /** Milliseconds until the next use may try again. */
  readonly retryMs: number;
}

/** When an extension may be activated after it failed: at once the first time, then later and later, after `Fatal` never. */
export class Attempts {
  readonly #clock: Clock;
  #failure: Failure | null = null;
  #retryAt = 0;
  #nextMs = FIRST_RETRY_MS;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The last failure since the last success. */
  get failure(): Failure | null {
    return this.#failure;
  }

  /** Milliseconds until the next attempt; 0: now. */
  get waitMs(): number {
    return this.#failure === null ? 0 : Math.max(0, this.#retryAt - this.#clock.monotonic());
  }

  failed(error: unknown): Failure {
    const cause = error instanceof ActivationError ? error.cause : error;
    const fatal = kindOfError(cause) === 'fatal';
    const retryMs = fatal ? Number.POSITIVE_INFINITY : this.#nextMs;
    this.#retryAt = this.#clock.monotonic() + retryMs;
    this.#nextMs = Math.min(LONGEST_RETRY_MS, this.#nextMs * 2);
    const phase = error instanceof ActivationError ? error.phase : null;
    this.#failure = { message: messageOf(error), phase, cause, fatal, retryMs };
    return this.#failure;
  }

  /** After a success, or because something has changed: the next use tries at once. */
  reset(): void {
    this.#failure = null;
    this.#retryAt = 0;
    this.#nextMs = FIRST_RETRY_MS;
  }
}
