import type { Caller } from '../../identity/caller.ts';
import { ApiError } from '../../kernel/errors.ts';
import { callerKey } from './caller-key.ts';

/** Which part of all streams one caller may have. */
const SHARE = 10;

/** Counts the event streams and WebSockets that are open, so that nobody takes them all. */
export class StreamPlaces {
  readonly #most: number;
  readonly #mostOfOne: number;
  readonly #open = new Map<string, number>();
  #total = 0;

  /** @param most `ORDINAUT_MAX_STREAMS` */
  constructor(most: number) {
    this.#most = most;
    this.#mostOfOne = Math.max(1, Math.floor(most / SHARE));
  }

  /**
   * Takes a place.
   *
   * @returns gives it back.
   * @throws ApiError `unavailable` where all are taken, or this caller has enough.
   */
  take(caller: Caller): () => void {
    const key = callerKey(caller);
    const ofOne = this.#open.get(key) ?? 0;
    if (this.#total >= this.#most || ofOne >= this.#mostOfOne) {
      const whose = ofOne >= this.#mostOfOne ? `You have ${ofOne}` : `There are ${this.#total}`;
      throw new ApiError(
        'unavailable',
        `${whose} streams open, which is the most; close some, or raise ORDINAUT_MAX_STREAMS.`,
        {
          details: { open: ofOne, limit: this.#mostOfOne },
          retryAfterSeconds: 10,
        },
      );
    }
    this.#open.set(key, ofOne + 1);
    this.#total += 1;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#total -= 1;
      const left = (this.#open.get(key) ?? 1) - 1;
      if (left > 0) this.#open.set(key, left);
      else this.#open.delete(key);
    };
  }
}
