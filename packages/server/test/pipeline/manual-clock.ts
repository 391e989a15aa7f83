import type { Clock } from '../../src/kernel/clock.ts';

/** A clock that stands still; sleeping moves it on at once and is noted. */
export class ManualClock implements Clock {
  readonly slept: number[] = [];
  #now: number;

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.slept.push(ms);
    this.#now += ms;
  }
}
