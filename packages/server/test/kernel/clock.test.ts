import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toIso } from '../../src/kernel/clock.ts';

describe('toIso', () => {
  it('writes what Date writes', () => {
    const instant = fc.oneof(
      fc.integer({ min: -8.64e15, max: 8.64e15 }),
      fc.integer({ min: 1_770_000_000_000, max: 1_770_000_100_000 }),
      fc.constantFrom(0, -1, -999, -1000, -1001, 8.64e15, -8.64e15, 1e12 + 0.75, -0.5),
    );
    fc.assert(
      fc.property(fc.array(instant, { minLength: 1, maxLength: 50 }), (instants) => {
        expect(instants.map(toIso)).toEqual(instants.map((ms) => new Date(ms).toISOString()));
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses what is no instant, more than once', () => {
    for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1, Number.NaN]) {
      expect(() => toIso(ms)).toThrow(RangeError);
    }
  });
});
