import { type Clock, systemClock } from '../../src/kernel/clock.ts';

/** The system clock, set forward or back by a test while everything runs. */
export function shiftedClock(): Clock & { shift(ms: number): void } {
  let offset = 0;
  return {
    ...systemClock,
    now: () => systemClock.now() + offset,
    shift(ms) {
      offset += ms;
    },
  };
}
