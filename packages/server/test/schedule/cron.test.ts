import { Cron } from 'croner';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { at, cron, fires, issuesOf, spec } from './spec.ts';

const from = '2026-11-21T19:00:00Z'; // a Saturday
const days = (expr: string, count = 4): string[] => fires(cron(expr), from, count).map((fire) => fire.slice(5, 10));

describe('cron', () => {
  test.each([
    ['0 8 * * 1-5', ['11-23', '11-24', '11-25', '11-26']],
    ['0 8 * * mon-fri', ['11-23', '11-24', '11-25', '11-26']],
    ['0 0 * * 0', ['11-22', '11-29', '12-06', '12-13']],
    ['0 0 * * 7', ['11-22', '11-29', '12-06', '12-13']],
    ['0 0 * * SAT-SUN', ['11-22', '11-28', '11-29', '12-05']],
    ['0 0 13 * 5', ['11-27', '12-04', '12-11', '12-13']],
    ['0 0 */2 * MON', ['11-23', '11-25', '11-27', '11-29']],
    ['0 0 L * *', ['11-30', '12-31', '01-31', '02-28']],
    ['0 0 LW * *', ['11-30', '12-31', '01-29', '02-26']],
    ['0 0 15W * *', ['12-15', '01-15', '02-15', '03-15']],
    ['0 0 * * FRI#2', ['12-11', '01-08', '02-12', '03-12']],
    ['0 0 * * 5L', ['11-27', '12-25', '01-29', '02-26']],
    ['@monthly', ['12-01', '01-01', '02-01', '03-01']],
    ['@YEARLY', ['01-01', '01-01', '01-01', '01-01']],
    ['@weekly', ['11-22', '11-29', '12-06', '12-13']],
    ['  0   0 1  JAN,jul  * ', ['01-01', '07-01', '01-01', '07-01']],
  ])('%s fires on %j', (expr, expected) => {
    expect(days(expr)).toEqual(expected);
  });

  test('six fields have seconds first', () => {
    expect(fires(cron('*/20 30 19 * * *'), from, 3)).toEqual([
      '2026-11-21T19:30:00+00:00',
      '2026-11-21T19:30:20+00:00',
      '2026-11-21T19:30:40+00:00',
    ]);
    expect(cron('* * * * * *').nextAfter(at(from) + 999)).toBe(at(from) + 1000);
  });

  test('a leap day is found across 2100', () => {
    expect(fires(cron('0 0 29 2 *'), '2096-03-01T00:00:00Z', 1)).toEqual(['2104-02-29T00:00:00+00:00']);
    expect(fires(cron('0 0 * 2 MON#5'), '2097-01-01T00:00:00Z', 1)).toEqual(['2112-02-29T00:00:00+00:00']);
  });

  test.each([
    ['61 * * * *', ['minute `61` is out of range 0-59.']],
    ['* 24 * * *', ['hour `24` is out of range 0-23.']],
    [
      '* * 0 13 8',
      [
        'day of month `0` is out of range 1-31.',
        'month `13` is out of range 1-12.',
        'weekday `8` is out of range 0-7.',
      ],
    ],
    ['* * * * MOO', ['weekday `MOO` is not a number 0-7 or a name like MON. Did you mean MON?']],
    ['5/10 * * * *', ['minute `5/10` steps from a single value; write `5-59/10`.']],
    ['*/0 * * * *', ['minute `*/0` has the step `0`; a step is 1-60.']],
    ['30-10 * * * *', ['minute `30-10` runs backwards; write two entries: `30-59,0-10`.']],
    ['* * * * FRI-MON', ['weekday `FRI-MON` runs backwards; write two entries: `FRI-SAT,SUN-MON`.']],
    ['1,,2 * * * *', ['minute `1,,2` has an empty entry; remove the comma or write a value.']],
    ['1.5 * * * *', ['minute `1.5` is not a number 0-59.']],
    ['-1 * * * *', ['minute `-1` cannot be read; write a value, a range like 0-59, `*` or `*/n`.']],
    ['* * ? * *', ['day of month `?` is not a number 1-31. Write `*`.']],
    ['* * * * FRI#6', ['weekday `FRI#6` is out of range; the place after # is 1-5.']],
    ['* * * *', ['`* * * *` has 4 fields; cron has 5 (minute hour day month weekday) or 6 with seconds first.']],
    [
      '0 0 0 1 1 * 2026',
      ['`0 0 0 1 1 * 2026` has 7 fields; cron has 5 (minute hour day month weekday) or 6 with seconds first.'],
    ],
    ['@dayly', ['`@dayly` is not a cron nickname. Did you mean @daily?']],
    ['0 0 30 2 *', ['`0 0 30 2 *` never fires: none of its months has such a day.']],
    ['0 0 31 4,6,9,11 *', ['`0 0 31 4,6,9,11 *` never fires: none of its months has such a day.']],
  ])('refuses %s with sentences', (expr, sentences) => {
    expect(issuesOf(spec({ kind: 'cron', expr }))).toEqual(sentences.map((sentence) => `schedule_expr: ${sentence}`));
  });

  test('a missing expression is an issue', () => {
    expect(issuesOf(spec({ kind: 'cron' }))).toEqual(['schedule_expr: is missing; `cron` needs one.']);
  });

  test('agrees with croner in UTC', () => {
    const within = (min: number, max: number): fc.Arbitrary<string> => {
      const value = fc.integer({ min, max });
      const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
      const step = fc.integer({ min: 1, max: max - min });
      const term = fc.oneof(
        value.map(String),
        range,
        fc.tuple(range, step).map(([a, b]) => `${a}/${b}`),
      );
      return fc.oneof(
        { weight: 3, arbitrary: fc.constant('*') },
        step.map((every) => `*/${every}`),
        fc.array(term, { minLength: 1, maxLength: 3 }).map((terms) => terms.join(',')),
      );
    };
    const day = fc.oneof(
      { weight: 4, arbitrary: within(1, 31) },
      fc.constantFrom('L', 'LW', '15W', '1W', '31W', '3,L'),
    );
    const weekday = fc.oneof(
      { weight: 4, arbitrary: within(0, 7) },
      fc.constantFrom('MON#1', '5L', '0#5', 'TUE,FRI#3'),
    );
    const expression = fc
      .tuple(within(0, 59), within(0, 59), within(0, 23), day, within(1, 12), weekday)
      .map((fields) => fields.join(' '));
    const instant = fc.integer({ min: at('1990-01-01T00:00:00Z'), max: at('2040-01-01T00:00:00Z') });
    fc.assert(
      fc.property(expression, instant, (expr, start) => {
        const oracle = new Cron(expr, { utcOffset: 0, mode: '6-part' }).nextRuns(5, new Date(start));
        fc.pre(oracle.length === 5);
        const schedule = cron(expr);
        let last = start;
        for (const expected of oracle) {
          last = schedule.nextAfter(last) ?? Number.NaN;
          expect(new Date(last).toISOString()).toBe(expected.toISOString());
        }
      }),
      { numRuns: 400 },
    );
  });
});
