import { ApiError } from '../../kernel/errors.ts';

/** How long a request waits for a place, in milliseconds. */
const WAIT_MS = 5_000;
/** How many may wait, for each place. */
const WAITING_PER_PLACE = 32;
/** A request that becomes a stream gives its place back without any event of it: so often that is looked for. */
const LOOK_MS = 20;

interface Waiting {
  goIn(): void;
  resolve(wentIn: boolean): void;
  reject(error: unknown): void;
  readonly until: number;
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
  #looking: NodeJS.Timeout | undefined;

  /** @param inside how many are inside now. */
  constructor(extension: string, limit: number, inside: () => number) {
    this.#extension = extension;
    this.#limit = limit;
    this.#inside = inside;
  }

  /** Whether somebody may go in now. */
  get hasPlace(): boolean {
    return this.#inside() < this.#limit;
  }

  /**
   * Calls `goIn` as soon as there is a place, in the turn in which it is found. One that does not go in after all, because its
   * client has left, leaves the place to the next.
   *
   * @returns false: everybody was sent on, and `goIn` not called.
   * @throws ApiError `unavailable` where the line is full or no place came free in time.
   */
  async enter(goIn: () => void): Promise<boolean> {
    if (this.hasPlace) {
      goIn();
      return true;
    }
    if (this.#line.length >= this.#limit * WAITING_PER_PLACE) throw this.#full('and as many wait');
    return new Promise((resolve, reject) => {
      this.#line.push({ goIn, resolve, reject, until: performance.now() + WAIT_MS });
      this.#looking ??= setInterval(() => this.#look(), LOOK_MS);
    });
  }

  /** Somebody has left. */
  left(): void {
    while (this.#line.length > 0 && this.hasPlace) {
      const { goIn, resolve, reject } = this.#line.shift()!;
      try {
        goIn();
        resolve(true);
      } catch (error) {
        reject(error);
      }
    }
  }

  /** Sends everybody on who waits. */
  open(): void {
    for (const { resolve } of this.#line.splice(0)) resolve(false);
    this.#look();
  }

  #look(): void {
    this.left();
    const now = performance.now();
    while (this.#line[0] !== undefined && this.#line[0].until <= now)
      this.#line.shift()!.reject(this.#full('and none ended in time'));
    if (this.#line.length > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #full(why: string): ApiError {
    return new ApiError(
      'unavailable',
      `The extension ${this.#extension} has ${this.#limit} requests under way, which is its limit, ${why}.`,
      { details: { extension_id: this.#extension, limit: this.#limit }, retryAfterSeconds: 1 },
    );
  }
}
