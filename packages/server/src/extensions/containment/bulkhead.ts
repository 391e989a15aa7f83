import { ApiError } from '../../kernel/errors.ts';

/** How long a request waits for a place, in milliseconds. */
const WAIT_MS = 5_000;
/** How many may wait, for each place. */
const WAITING_PER_PLACE = 32;

interface Waiting {
  resolve(): void;
  reject(error: ApiError): void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Lets only so many in at a time; the others wait in a line, which is bounded in length and time. So one slow extension holds
 * back its own callers and not the server.
 */
export class Bulkhead {
  readonly #extension: string;
  readonly #limit: number;
  readonly #inside: () => number;
  readonly #line: Waiting[] = [];

  /** @param inside how many are inside now. */
  constructor(extension: string, limit: number, inside: () => number) {
    this.#extension = extension;
    this.#limit = limit;
    this.#inside = inside;
  }

  /** Null: come in, at once. Otherwise resolves when somebody has left, for the one who waits longest; then ask again. */
  enter(): Promise<void> | null {
    if (this.#inside() < this.#limit) return null;
    if (this.#line.length >= this.#limit * WAITING_PER_PLACE) return Promise.reject(this.#full('and as many wait'));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#line.splice(this.#line.indexOf(waiting), 1);
        reject(this.#full('and none ended in time'));
      }, WAIT_MS);
      const waiting: Waiting = { resolve, reject, timer };
      this.#line.push(waiting);
    });
  }

  /** Somebody has left. */
  left(): void {
    if (this.#line.length === 0 || this.#inside() >= this.#limit) return;
    const next = this.#line.shift()!;
    clearTimeout(next.timer);
    next.resolve();
  }

  /** Sends everybody on who waits. */
  open(): void {
    for (const { resolve, timer } of this.#line.splice(0)) {
      clearTimeout(timer);
      resolve();
    }
  }

  #full(why: string): ApiError {
    return new ApiError(
      'unavailable',
      `The extension ${this.#extension} has ${this.#limit} requests under way, which is its limit, ${why}.`,
      { details: { extension_id: this.#extension, limit: this.#limit }, retryAfterSeconds: 1 },
    );
  }
}
