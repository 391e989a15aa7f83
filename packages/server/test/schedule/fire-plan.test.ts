import { misfirePolicies } from '@ordinaut/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planFire } from '../../src/schedule/fire-plan.ts';
import type { TimeSchedule } from '../../src/schedule/parse.ts';
import { at, cron, once, rrule } from './spec.ts';

const nightly = cron('0 8 * * *');
const eight = (day: number): number => at(`2026-11-${String(day).padStart(2, '0')}T08:00:00Z`);
const graceMs = 30_000;

describe('a fire time that is due', () => {
  test('fires when it is late by no more than the grace, whatever the policy', () => {
    for (const policy of misfirePolicies) {
      for (const late of [0, 1, graceMs]) {
        expect(planFire({ schedule: nightly, nominal: eight(10), now: eight(10) + late, policy, graceMs })).toEqual({
          fires: [eight(10)],
          next: eight(11),
          caughtUp: true,
        });
      }
    }
  });

  test('waits when the clock was set back', () => {
    for (const policy of misfirePolicies) {
      const plan = planFire({ schedule: nightly, nominal: eight(10), now: eight(10) - 1, policy, graceMs });
      expect(plan).toEqual({ fires: [], next: eight(10), caughtUp: true });
    }
  });

  test('skip: what is missed is dropped', () => {
    const plan = planFire({ schedule: nightly, nominal: eight(10), now: eight(12) + 60_000, policy: 'skip', graceMs });
    expect(plan).toEqual({ fires: [], next: eight(13), caughtUp: true });
  });

  test('skip: one that is within the grace still fires', () => {
    const plan = planFire({ schedule: nightly, nominal: eight(10), now: eight(12) + graceMs, policy: 'skip', graceMs });
    expect(plan).toEqual({ fires: [eight(12)], next: eight(13), caughtUp: true });
  });

  test('run_once: one run for all, with the latest fire time', () => {
    const plan = planFire({
      schedule: nightly,
      nominal: eight(10),
      now: eight(12) + 60_000,
      policy: 'run_once',
      graceMs,
    });
    expect(plan).toEqual({ fires: [eight(12)], next: eight(13), caughtUp: true });
  });

  test('run_all: every one, a limited number at a time', () => {
    const now = eight(14) + 60_000;
    const plan = planFire({ schedule: nightly, nominal: eight(10), now, policy: 'run_all', graceMs, limit: 3 });
    expect(plan).toEqual({ fires: [eight(10), eight(11), eight(12)], next: eight(13), caughtUp: false });
    expect(planFire({ schedule: nightly, nominal: eight(13), now, policy: 'run_all', graceMs, limit: 3 })).toEqual({
      fires: [eight(13), eight(14)],
      next: eight(15),
      caughtUp: true,
    });
  });

  test('the last fire time leaves nothing', () => {
    const schedule = once('2026-11-10T08:00:00Z');
    const late = { schedule, nominal: eight(10), now: eight(20), graceMs };
    expect(planFire({ ...late, policy: 'run_once' })).toEqual({ fires: [eight(10)], next: null, caughtUp: true });
    expect(planFire({ ...late, policy: 'run_all' })).toEqual({ fires: [eight(10)], next: null, caughtUp: true });
    expect(planFire({ ...late, policy: 'skip' })).toEqual({ fires: [], next: null, caughtUp: true });
  });

  test('a year of minutes is not walked', () => {
    let steps = 0;
    const minutely = cron('* * * * *');
    const nextAfter = (after: number): number | null => {
      steps++;
      return minutely.nextAfter(after);
    };
    const counted: TimeSchedule = { ...minutely, nextAfter };
    const now = at('2026-11-21T12:00:30Z');
    const plan = planFire({ schedule: counted, nominal: at('2025-11-21T12:00:00Z'), now, policy: 'run_once', graceMs });
    expect(plan.fires).toEqual([at('2026-11-21T12:00:00Z')]);
    expect(steps).toBeLessThan(100);
  });
});

describe('properties', () => {
  const schedules = [
    cron('*/7 * * * *', 'Europe/Berlin'),
    cron('0,5,10 2,3 * * *', 'Europe/Berlin'),
    cron('30 2 * * MON', 'America/New_York'),
    cron('0 0 29 2 *'),
    rrule('FREQ=HOURLY;INTERVAL=5;COUNT=40', 'Europe/Berlin', '2026-03-20T00:00:00Z'),
    rrule('FREQ=DAILY;BYHOUR=1,2,3;UNTIL=20261101', 'Europe/Berlin', '2026-03-20T00:00:00Z'),
    once('2026-03-29T02:30', 'Europe/Berlin'),
  ];
  const schedule = fc.constantFrom(...schedules);
  const start = fc.integer({ min: at('2026-03-01T00:00:00Z'), max: at('2026-11-30T00:00:00Z') });
  const jump = fc.oneof(
    fc.integer({ min: 0, max: 120_000 }),
    fc.integer({ min: 0, max: 20 * 86_400_000 }),
    fc.integer({ min: -2 * 86_400_000, max: 0 }),
  );
  const ticks = fc.array(jump, { minLength: 1, maxLength: 25 });

  /** The scheduler: at each tick it plans until it has caught up. */
  function run(
    given: TimeSchedule,
    from: number,
    jumps: number[],
    policy: (typeof misfirePolicies)[number],
    limit: number,
  ) {
    const fired: { nominal: number; now: number }[] = [];
    let next = given.nextAfter(from);
    let now = from;
    let latest = from;
    for (const by of jumps) {
      now += by;
      latest = Math.max(latest, now);
      for (;;) {
        if (next === null || next > now) break;
        const plan = planFire({ schedule: given, nominal: next, now, policy, graceMs, limit });
        fired.push(...plan.fires.map((nominal) => ({ nominal, now })));
        expect(plan.caughtUp).toBe(plan.next === null || plan.next > now);
        expect(plan.next === null || plan.next > next).toBe(true);
        next = plan.next;
      }
    }
    return { fired, latest };
  }

  test('run_all fires each time once and in order, whenever it is asked', () => {
    fc.assert(
      fc.property(schedule, start, ticks, fc.integer({ min: 1, max: 50 }), (given, from, jumps, limit) => {
        const { fired, latest } = run(given, from, jumps, 'run_all', limit);
        const expected: number[] = [];
        for (let next = given.nextAfter(from); next !== null && next <= latest; next = given.nextAfter(next)) {
          expected.push(next);
        }
        expect(fired.map(({ nominal }) => nominal)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  test('no policy fires twice, early, or at a time that is none', () => {
    fc.assert(
      fc.property(schedule, start, ticks, fc.constantFrom(...misfirePolicies), (given, from, jumps, policy) => {
        const { fired } = run(given, from, jumps, policy, 20);
        for (const [index, { nominal, now }] of fired.entries()) {
          expect(given.nextAfter(nominal - 1)).toBe(nominal);
          expect(nominal).toBeLessThanOrEqual(now);
          if (index > 0) expect(nominal).toBeGreaterThan(fired[index - 1]!.nominal);
          if (policy === 'skip') expect(now - nominal).toBeLessThanOrEqual(graceMs);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('run_once finds the latest fire time up to now', () => {
    fc.assert(
      fc.property(schedule, start, fc.integer({ min: 0, max: 90 * 86_400_000 }), (given, from, away) => {
        const nominal = given.nextAfter(from);
        fc.pre(nominal !== null);
        const now = nominal + graceMs + 1 + away;
        const plan = planFire({ schedule: given, nominal, now, policy: 'run_once', graceMs });
        expect(plan.fires).toHaveLength(1);
        const [latest = 0] = plan.fires;
        expect(given.nextAfter(latest - 1)).toBe(latest);
        expect(latest).toBeLessThanOrEqual(now);
        expect(plan.next === null || plan.next > now).toBe(true);
        expect(given.nextAfter(latest)).toBe(plan.next);
      }),
      { numRuns: 300 },
    );
  });

  test('nextAfter is strictly after, monotone, and leaves nothing out between', () => {
    fc.assert(
      fc.property(schedule, start, fc.nat({ max: 40 * 86_400_000 }), (given, from, ahead) => {
        const next = given.nextAfter(from);
        const later = given.nextAfter(from + ahead);
        if (next === null) {
          expect(later).toBeNull();
          return;
        }
        expect(next).toBeGreaterThan(from);
        expect(given.nextAfter(next - 1)).toBe(next);
        if (from + ahead < next) expect(later).toBe(next);
        else if (later !== null) expect(later).toBeGreaterThan(next);
      }),
      { numRuns: 500 },
    );
  });
});
