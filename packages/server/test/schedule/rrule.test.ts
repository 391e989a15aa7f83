import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { at, fires, issuesOf, rrule, spec } from './spec.ts';

const everyHour = Array.from({ length: 24 }, (_, hour) => hour).join();
const from = '2025-12-31T00:00:00Z';
const days = (expr: string, count = 4): string[] => fires(rrule(expr), from, count).map((fire) => fire.slice(0, 10));

describe('rrule', () => {
  test.each([
    ['FREQ=DAILY', ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04']],
    ['rrule:freq=weekly;byday=mo,we', ['2026-01-05', '2026-01-07', '2026-01-12', '2026-01-14']],
    ['RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TH', ['2026-01-01', '2026-01-15', '2026-01-29', '2026-02-12']],
    ['FREQ=MONTHLY;BYDAY=-1FR', ['2026-01-30', '2026-02-27', '2026-03-27', '2026-04-24']],
    ['FREQ=MONTHLY;BYMONTHDAY=31', ['2026-01-31', '2026-03-31', '2026-05-31', '2026-07-31']],
    ['FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1', ['2026-01-30', '2026-02-27', '2026-03-31', '2026-04-30']],
    ['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29', ['2028-02-29', '2032-02-29', '2036-02-29', '2040-02-29']],
    ['FREQ=YEARLY;INTERVAL=10', ['2026-01-01', '2036-01-01', '2046-01-01', '2056-01-01']],
    ['FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO', ['2026-05-11', '2027-05-17', '2028-05-15', '2029-05-14']],
    ['FREQ=DAILY;COUNT=3', ['2026-01-01', '2026-01-02', '2026-01-03']],
    ['FREQ=DAILY;UNTIL=20260102', ['2026-01-01', '2026-01-02']],
    ['FREQ=DAILY;UNTIL=20260102T080000Z', ['2026-01-01', '2026-01-02']],
    ['FREQ=DAILY;UNTIL=20260102T075959', ['2026-01-01']],
    ['FREQ=DAILY;BYDAY=MO;COUNT=2', ['2026-01-05', '2026-01-12']],
  ])('%s fires on %j', (expr, expected) => {
    expect(days(expr)).toEqual(expected);
  });

  test('what the rule leaves open comes from DTSTART, and DTSTART stays', () => {
    const schedule = rrule('FREQ=DAILY;INTERVAL=3;BYHOUR=9', 'Europe/Berlin', '2026-01-01T08:30:15.700Z');
    expect(fires(schedule, '2026-03-27T12:00:00Z', 2)).toEqual([
      '2026-03-29T09:30:15+02:00',
      '2026-04-01T09:30:15+02:00',
    ]);
    expect(fires(schedule, '2026-03-29T12:00:00Z', 1)).toEqual(['2026-04-01T09:30:15+02:00']);
  });

  test('a text with DTSTART, EXDATE and RDATE', () => {
    const text = [
      'DTSTART;TZID=Europe/Berlin:20260326T083000',
      'RRULE:FREQ=DAILY;COUNT=6',
      'EXDATE;TZID=Europe/Berlin:20260327T083000,20260328T083000',
      'EXDATE:20260330T063000Z',
      'EXDATE;VALUE=DATE:202603',
      ' 31',
      'RDATE:20260401T120000',
      'RDATE:20260331T120000,20260402T120000',
      'EXDATE:20260402T120000',
      'RDATE;TZID=America/New_York:20260401T120000',
    ].join('\r\n');
    expect(fires(rrule(text, 'UTC', null), from, 10)).toEqual([
      '2026-03-26T08:30:00+01:00',
      '2026-03-29T08:30:00+02:00',
      '2026-04-01T12:00:00+02:00',
      '2026-04-01T18:00:00+02:00',
    ]);
  });

  test('a DTSTART in UTC or without zone is read in the zone of the task', () => {
    const inUtc = rrule('DTSTART:20260101T073000Z\nRRULE:FREQ=DAILY', 'Europe/Berlin', null);
    const local = rrule('DTSTART:20260101T083000\nRRULE:FREQ=DAILY', 'Europe/Berlin', null);
    for (const schedule of [inUtc, local]) {
      expect(fires(schedule, '2026-07-01T00:00:00Z', 1)).toEqual(['2026-07-01T08:30:00+02:00']);
    }
  });

  test('UNTIL and EXDATE meet a time that the clocks leave out', () => {
    const rule = 'DTSTART:20260327T023000\nRRULE:FREQ=DAILY';
    const berlin = (text: string): string[] =>
      fires(rrule(text, 'Europe/Berlin', null), from, 3).map((f) => f.slice(5, 16));
    expect(berlin(`${rule};UNTIL=20260329T013000Z`)).toEqual(['03-27T02:30', '03-28T02:30', '03-29T03:30']);
    expect(berlin(`${rule};UNTIL=20260329T012959Z`)).toEqual(['03-27T02:30', '03-28T02:30']);
    expect(berlin(`${rule}\nEXDATE:20260329T023000`)).toEqual(['03-27T02:30', '03-28T02:30', '03-30T02:30']);
    expect(berlin(`${rule}\nEXDATE:20260329T013000Z`)).toEqual(['03-27T02:30', '03-28T02:30', '03-30T02:30']);
  });

  test('COUNT is honoured however long ago and however large', () => {
    const minutes = rrule('FREQ=MINUTELY;COUNT=5000000', 'UTC', '2020-01-01T00:00:00Z');
    const last = at('2020-01-01T00:00:00Z') + 4_999_999 * 60_000;
    expect(minutes.nextAfter(last - 1)).toBe(last);
    expect(minutes.nextAfter(last)).toBeNull();
    expect(
      fires(rrule('FREQ=DAILY;BYHOUR=8,9;BYMINUTE=0;COUNT=3000', 'UTC', '2000-01-01T00:00:00Z'), at(from), 1),
    ).toEqual([]);
  });

  test('an excluded day is left out at once, however many times are in it', () => {
    const schedule = rrule('FREQ=SECONDLY\nEXDATE;VALUE=DATE:20260102,20260103', 'UTC', '2026-01-01T00:00:00Z');
    const last = at('2026-01-01T23:59:59Z');
    const begun = process.threadCpuUsage();
    expect(schedule.nextAfter(last)).toBe(at('2026-01-04T00:00:00Z'));
    expect(process.threadCpuUsage(begun).user).toBeLessThan(50_000);
  });

  test('nothing is left outside of the years 1 to 9999', () => {
    const schedule = rrule('FREQ=DAILY');
    expect(schedule.nextAfter(8.64e15)).toBeNull();
    expect(schedule.nextAfter(Number.POSITIVE_INFINITY)).toBeNull();
    expect(schedule.nextAfter(Number.NEGATIVE_INFINITY)).toBe(at('2026-01-01T08:00:00Z'));
  });

  test.each([
    [
      'FREQ=DAYLY',
      ['has FREQ `DAYLY`; allowed: SECONDLY, MINUTELY, HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY. Did you mean DAILY?'],
    ],
    ['INTERVAL=2', ['has no FREQ, for example FREQ=DAILY.']],
    ['FREQ=DAILY;BYHOUR=25;BYMINUTE=61', ['has BYHOUR `25`; it is 0-23.', 'has BYMINUTE `61`; it is 0-59.']],
    ['FREQ=MONTHLY;BYMONTHDAY=0', ['has BYMONTHDAY `0`; it is 1-31 or -31 to -1.']],
    ['FREQ=DAILY;INTERVAL=0', ['has INTERVAL `0`; it is a whole number from 1.']],
    ['FREQ=DAILY;COUNT=2;UNTIL=20270101', ['has both COUNT and UNTIL; keep one.']],
    ['FREQ=DAILY;BYHOR=1', ['has the unknown part `BYHOR`. Did you mean BYHOUR?']],
    ['FREQ=DAILY;FREQ=WEEKLY', ['has FREQ more than once; keep one.']],
    ['FREQ=DAILY;BYDAY=XX', ['has BYDAY `XX`; write MO, TU, WE, TH, FR, SA, SU, with a place like 1MO or -1FR.']],
    ['FREQ=WEEKLY;BYDAY=1MO', ['has a place in BYDAY `1MO`, which goes with FREQ=MONTHLY and YEARLY only.']],
    ['FREQ=DAILY;BYSETPOS=1', ['has BYSETPOS, which needs another BY… part to choose from.']],
    ['FREQ=DAILY;UNTIL=20260230', ['has UNTIL `20260230`; write 20261231T083000, 20261231T083000Z or 20261231.']],
    ['FREQ=DAILY;BYHOUR', ['has the part `BYHOUR`; a part is NAME=VALUE.']],
    ['RRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY', ['has more than one RRULE line; make a task for each.']],
    [
      'RRULE:FREQ=DAILY\nEXRULE:FREQ=WEEKLY',
      ['has the line `EXRULE`, which is not known here; RRULE, DTSTART, EXDATE and RDATE are.'],
    ],
    ['DTSTART:20260101T000000', ['has no RRULE line, for example `RRULE:FREQ=DAILY`.']],
    [
      'DTSTART;TZID=Europe/Berlim:20260101T000000\nRRULE:FREQ=DAILY',
      ['`Europe/Berlim` is not an IANA time zone. Did you mean Europe/Berlin or Europe/Dublin or Europe/Jersey?'],
    ],
    ['FREQ=DAILY;BYDAY=MO;COUNT=3001', ['has COUNT `3001`; with this FREQ and BY… parts it is 1-3000, or use UNTIL.']],
    [
      `FREQ=YEARLY;BYDAY=MO,TU;BYHOUR=${everyHour}`,
      [
        'names up to 2544 times for one period of FREQ=YEARLY; at most 500 can be worked out. Use another FREQ, or fewer days, BYHOUR, BYMINUTE and BYSECOND.',
      ],
    ],
    ['FREQ=DAILY;BYHOUR=8,9;BYSETPOS=3', ['has BYSETPOS `3`, but one period of FREQ=DAILY has at most 2 times.']],
    [
      'FREQ=DAILY;BYHOUR=8,9;BYSETPOS=1;COUNT=3001',
      ['has COUNT `3001`; with this FREQ and BY… parts it is 1-3000, or use UNTIL.'],
    ],
    [
      'FREQ=DAILY;UNTIL=20250101',
      ['`FREQ=DAILY;UNTIL=20250101` never fires: it has no occurrence from 2026-01-01T08:00:00+00:00 on.'],
    ],
  ])('refuses %s with sentences', (expr, sentences) => {
    const issues = issuesOf(spec({ kind: 'rrule', expr, dtstart: at('2026-01-01T08:00:00Z') }));
    expect(issues).toEqual(sentences.map((sentence) => `schedule_expr: ${sentence}`));
  });

  test('a rule without any DTSTART is an issue of that field', () => {
    expect(issuesOf(spec({ kind: 'rrule', expr: 'FREQ=DAILY' }))[0]).toContain('dtstart: is missing');
  });

  test.each(['SECONDLY', 'MINUTELY', 'HOURLY', 'DAILY', 'MONTHLY', 'YEARLY'])(
    '30 February %s is refused soon',
    (freq) => {
      const before = performance.now();
      expect(issuesOf(spec({ kind: 'rrule', expr: `FREQ=${freq};BYMONTH=2;BYMONTHDAY=30`, dtstart: 0 }))[0]).toContain(
        'never fires',
      );
      expect(performance.now() - before).toBeLessThan(3000);
    },
  );
});

/** RFC 5545 §3.3.10 day by day, for rules of whole minutes in UTC. */
interface Rule {
  freq: 'MINUTELY' | 'HOURLY' | 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY';
  interval: number;
  bymonth: number[];
  bymonthday: number[];
  byday: string[];
  byhour: number[];
  byminute: number[];
  bysetpos: number[];
  wkst: string;
}

const names = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];
const dayMs = 86_400_000;

function bruteForce(rule: Rule, start: number, horizon: number): number[] {
  const first = new Date(start);
  const weekOf = (wall: number): number => {
    const day = Math.floor(wall / dayMs);
    return Math.floor((day + 4 - names.indexOf(rule.wkst)) / 7);
  };
  const periodOf = (wall: number): number => {
    const date = new Date(wall);
    const months = date.getUTCFullYear() * 12 + date.getUTCMonth();
    return {
      MINUTELY: Math.floor(wall / 60_000),
      HOURLY: Math.floor(wall / 3_600_000),
      DAILY: Math.floor(wall / dayMs),
      WEEKLY: weekOf(wall),
      MONTHLY: months,
      YEARLY: date.getUTCFullYear(),
    }[rule.freq];
  };
  const big = ['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'].includes(rule.freq);
  const all = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
  const hours = rule.byhour.length > 0 ? rule.byhour : big ? [first.getUTCHours()] : all(24);
  const minutes =
    rule.byminute.length > 0 ? rule.byminute : rule.freq === 'MINUTELY' ? all(60) : [first.getUTCMinutes()];
  const periods = new Map<number, number[]>();
  const startOfPeriod = Math.floor(start / dayMs) * dayMs - (big ? 366 : 1) * dayMs;
  for (let day = startOfPeriod; day < horizon + (big ? 366 : 0) * dayMs; day += dayMs) {
    const date = new Date(day);
    const [month, dom, dow] = [date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCDay()];
    const length = new Date(Date.UTC(date.getUTCFullYear(), month, 0)).getUTCDate();
    if (rule.bymonth.length > 0 && !rule.bymonth.includes(month)) continue;
    if (rule.bymonthday.length > 0 && !rule.bymonthday.some((d) => (d > 0 ? d === dom : length + d + 1 === dom)))
      continue;
    if (rule.byday.length > 0) {
      const year = date.getUTCFullYear();
      const inYear = rule.freq === 'YEARLY' && rule.bymonth.length === 0;
      const position = inYear ? (day - Date.UTC(year, 0, 1)) / dayMs : dom - 1;
      const size = inYear ? (Date.UTC(year + 1, 0, 1) - Date.UTC(year, 0, 1)) / dayMs : length;
      const fits = rule.byday.some((entry) => {
        const place = Number(entry.slice(0, -2) || 0);
        if (names.indexOf(entry.slice(-2)) !== dow) return false;
        if (place === 0) return true;
        return place > 0
          ? Math.floor(position / 7) + 1 === place
          : Math.floor((size - 1 - position) / 7) + 1 === -place;
      });
      if (!fits) continue;
    } else if (rule.freq === 'WEEKLY' && dow !== first.getUTCDay()) continue;
    if (rule.bymonthday.length === 0 && rule.byday.length === 0) {
      if ((rule.freq === 'MONTHLY' || rule.freq === 'YEARLY') && dom !== first.getUTCDate()) continue;
      if (rule.freq === 'YEARLY' && rule.bymonth.length === 0 && month !== first.getUTCMonth() + 1) continue;
    }
    for (const hour of hours) {
      for (const minute of minutes) {
        const wall = day + hour * 3_600_000 + minute * 60_000;
        const period = periodOf(wall);
        if ((period - periodOf(start)) % rule.interval !== 0) continue;
        const members = periods.get(period);
        if (members) members.push(wall);
        else periods.set(period, [wall]);
      }
    }
  }
  return [...periods.values()]
    .flatMap((members) => {
      const sorted = [...new Set(members)].sort((a, b) => a - b);
      if (rule.bysetpos.length === 0) return sorted;
      return sorted.filter((_, index) =>
        rule.bysetpos.some((p) => (p > 0 ? p - 1 === index : sorted.length + p === index)),
      );
    })
    .filter((wall) => wall >= start && wall < horizon)
    .sort((a, b) => a - b);
}

/** What `make` makes; null for a rule that names more times for one period than are worked out. */
function unlessTooLarge<Made>(make: () => Made): Made | null {
  try {
    return make();
  } catch (error) {
    if (/names up to \d+ times/.test(String(error)) || JSON.stringify(error).includes('names up to')) return null;
    throw error;
  }
}

test('agrees with the RFC read day by day', () => {
  const some = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
    fc.oneof({ weight: 2, arbitrary: fc.constant<T[]>([]) }, fc.uniqueArray(value, { minLength: 1, maxLength: 3 }));
  const weekday = fc.constantFrom(...names);
  const rule: fc.Arbitrary<Rule> = fc
    .constantFrom<Rule['freq']>('MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY')
    .chain((freq) =>
      fc.record<Rule>({
        freq: fc.constant(freq),
        interval: freq === 'MINUTELY' ? fc.integer({ min: 1, max: 90 }) : fc.integer({ min: 1, max: 5 }),
        bymonth: some(fc.integer({ min: 1, max: 12 })),
        bymonthday:
          freq === 'WEEKLY'
            ? fc.constant([])
            : some(fc.oneof(fc.integer({ min: 1, max: 31 }), fc.integer({ min: -31, max: -1 }))),
        byday: some(
          freq === 'MONTHLY'
            ? fc.oneof(
                weekday,
                fc.tuple(fc.constantFrom('1', '2', '-1', '5'), weekday).map((p) => p.join('')),
              )
            : weekday,
        ),
        byhour: some(fc.integer({ min: 0, max: 23 })),
        byminute: some(fc.integer({ min: 0, max: 59 })),
        bysetpos: fc.constant([]),
        wkst: weekday,
      }),
    );
  const start = fc.integer({ min: at('2019-01-01T00:00:00Z') / 60_000, max: at('2024-12-31T00:00:00Z') / 60_000 });
  const withPositions = fc.tuple(rule, some(fc.constantFrom(1, 2, -1, -2))).map(([given, positions]) => {
    const narrowed = given.byday.length + given.bymonthday.length + given.byhour.length + given.byminute.length > 0;
    return narrowed && ['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'].includes(given.freq)
      ? { ...given, bysetpos: positions }
      : given;
  });
  fc.assert(
    fc.property(withPositions, start, fc.nat({ max: 30 }), (given, minute, skip) => {
      const dtstart = minute * 60_000;
      const years =
        given.freq === 'YEARLY'
          ? 8
          : given.freq === 'MONTHLY'
            ? 4
            : given.freq === 'MINUTELY'
              ? 0.1
              : given.freq === 'HOURLY'
                ? 0.5
                : 1;
      const expected = bruteForce(given, dtstart, dtstart + years * 366 * dayMs).slice(0, 40);
      fc.pre(expected.length > skip + 1);
      const parts = [`FREQ=${given.freq}`, `INTERVAL=${given.interval}`, `WKST=${given.wkst}`];
      for (const name of ['bymonth', 'bymonthday', 'byday', 'byhour', 'byminute', 'bysetpos'] as const) {
        if (given[name].length > 0) parts.push(`${name.toUpperCase()}=${given[name].join(',')}`);
      }
      const schedule = unlessTooLarge(() => rrule(parts.join(';'), 'UTC', new Date(dtstart).toISOString()));
      fc.pre(schedule !== null);
      let last = skip === 0 ? dtstart - 1 : expected[skip - 1]!;
      const found: string[] = [];
      for (let index = skip; index < expected.length - 1; index++) {
        last = schedule?.nextAfter(last) ?? 0;
        found.push(new Date(last).toISOString());
      }
      expect({ rule: parts.join(';'), found }).toEqual({
        rule: parts.join(';'),
        found: expected.slice(skip, -1).map((wall) => new Date(wall).toISOString()),
      });
    }),
    { numRuns: process.env.ORDINAUT_LONG_TESTS === '1' ? 5000 : 150 },
  );
});
