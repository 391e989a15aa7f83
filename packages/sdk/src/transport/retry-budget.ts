/**
 * How many retries all calls of a client may make: each takes one, each success gives a part of one back. In a full outage a client sends
 * its calls and, once, `capacity` requests more.
 */
export class RetryBudget {
  readonly capacity: number;
  readonly #refill: number;
  #left: number;

  constructor(capacity: number, refill: number) {
    this.capacity = capacity;
    this.#refill = refill;
    this.#left = capacity;
  }

  get left(): number {
    return this.#left;
  }

  take(): boolean {
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  succeeded(): void {
    this.#left = Math.min(this.capacity, this.#left + this.#refill);
  }
}
