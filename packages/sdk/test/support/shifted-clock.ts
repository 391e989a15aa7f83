import { type Clock, systemClock } from '../../src/clock.ts';

/** The clock of the machine, of which a test can move the hands; timers keep real time. */
export class ShiftedClock implements Clock {
  #monotonic = 0;
  #wall = 0;

  /** Lets so many milliseconds pass. */
  pass(ms: number): void {
    this.#monotonic += ms;
    this.#wall += ms;
  }

  /** Sets the clock on the wall wrong, by so many milliseconds. */
  setWrong(ms: number): void {
    this.#wall += ms;
  }

  now = (): number => systemClock.now() + this.#wall;
  monotonic = (): number => systemClock.monotonic() + this.#monotonic;
  setTimer = systemClock.setTimer;
}
