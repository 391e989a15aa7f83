import { Cron } from 'croner';
import { describe, expect, test } from 'vitest';
import { noteOf } from '../../src/schedule/preview.ts';
import { at, cron, fires, once, rrule } from './spec.ts';

const long = process.env.ORDINAUT_LONG_TESTS === '1';

const zones = [
  ...['Europe/Berlin', 'Europe/London', 'Europe/Dublin', 'Europe/Chisinau', 'Europe/Istanbul', 'Europe/Moscow'],
  ...[
    'America/New_York',
    'America/Sao_Paulo',
    'America/Asuncion',
    'America/Havana',
    'America/Santiago',
    'America/St_Johns',
  ],
  ...['America/Caracas', 'America/Argentina/Buenos_Aires', 'America/Scoresbysund', 'Africa/Cairo', 'Africa/Casablanca'],
  ...['Asia/Beirut', 'Asia/Gaza', 'Asia/Tehran', 'Asia/Amman', 'Asia/Kolkata', 'Asia/Kathmandu', 'Asia/Pyongyang'],
  ...[
    'Australia/Lord_Howe',
    'Australia/Adelaide',
    'Pacific/Apia',
    'Pacific/Kiritimati',
    'Pacific/Chatham',
    'Antarctica/Troll',
  ],
];

const times = long ? ['00:00', '00:30', '01:15', '02:00', '02:30', '03:15', '23:59'] : ['00:00', '02:30'];
const densest = ['Europe/Berlin', 'Australia/Lord_Howe', 'Pacific/Apia'];

const toWall = (local: Temporal.PlainDateTime): number => local.toZonedDateTime('UTC').epochMilliseconds;

/** Resolves local times one by one: the rule itself, written without spans. */
function resolve(walls: Iterable<number>, zone: string, repeats: boolean): number[] {
  const instants = new Set<number>();
  for (const wall of walls) {
    const local = Temporal.Instant.fromEpochMilliseconds(wall).toZonedDateTimeISO('UTC').toPlainDateTime();
    const first = local.toZonedDateTime(zone, { disambiguation: 'compatible' });
    instants.add(first.epochMilliseconds);
    const later = local.toZonedDateTime(zone, { disambiguation: 'later' });
    if (repeats && later.toPlainDateTime().equals(local)) instants.add(later.epochMilliseconds);
  }
  return [...instants].sort((a, b) => a - b);
}

function* dailyWalls(time: string, from: string, to: string): Generator<number> {
  const last = Temporal.PlainDate.from(to);
  for (
    let date = Temporal.PlainDate.from(from);
    Temporal.PlainDate.compare(date, last) <= 0;
    date = date.add({ days: 1 })
  ) {
    yield toWall(date.toPlainDateTime(Temporal.PlainTime.from(time)));
  }
}

/** The years a zone is checked in: all of them in the long run, else those with its first, a middle and its last changes. */
function yearsOf(zone: string): number[] {
  const years: number[] = [];
  const end = Temporal.ZonedDateTime.from(`2040-01-01T00:00[${zone}]`).epochMilliseconds;
  let change = Temporal.ZonedDateTime.from(`1990-01-01T00:00[${zone}]`).getTimeZoneTransition('next');
  while (change && change.epochMilliseconds < end) {
    if (years.at(-1) !== change.year) years.push(change.year);
    change = change.getTimeZoneTransition('next');
  }
  if (long) return Array.from({ length: 50 }, (_, index) => 1990 + index);
  return [...new Set([years[0], years[years.length >> 1], years.at(-1)])].filter((year) => year !== undefined);
}

describe.each(zones)('%s', (zone) => {
  test.each(times)('daily at %s runs as local dates resolve', (time) => {
    const [hour, minute] = time.split(':').map(Number);
    for (const year of yearsOf(zone)) {
      const expected = resolve(dailyWalls(time, `${year}-01-01`, `${year}-12-31`), zone, false);
      const byCron = cron(`${minute} ${hour} * * *`, zone);
      const byRule = rrule(`DTSTART:19900101T000000\nRRULE:FREQ=DAILY;BYHOUR=${hour};BYMINUTE=${minute}`, zone);
      let last = (expected[0] ?? 0) - 1;
      for (const instant of expected) {
        const next = byCron.nextAfter(last);
        if (next !== instant) expect(byCron.zone.show(next ?? 0)).toBe(byCron.zone.show(instant));
        if (long || instant - last > 25 * 3_600_000 || instant - last < 23 * 3_600_000) {
          expect(byRule.nextAfter(last)).toBe(instant);
        }
        last = instant;
      }
    }
  });

  test.each(['*/20 * * * *', '0 * * * *', '10,50 1-3 * * *', '0 */2 * * *', '*/30 0,2,23 * * *', '* * * * *'])(
    '%s runs as local times resolve around every change',
    (expr) => {
      const everyHour = expr.split(' ')[1] === '*';
      const oracle = new Cron(expr, { utcOffset: 0 });
      let change = Temporal.ZonedDateTime.from(`1990-01-01T00:00[${zone}]`).getTimeZoneTransition('next');
      for (let seen = 0; change && change.year < 2040; change = change.getTimeZoneTransition('next'), seen++) {
        // Every minute costs an oracle that takes one at a time; the zones whose changes differ most stand for all.
        const every = expr === '* * * * *' ? (densest.includes(zone) ? 20 : Number.POSITIVE_INFINITY) : 12;
        if (seen % (long ? Math.ceil(every / 12) : every) !== 0) continue;
        const first = change.subtract({ hours: 30 });
        const last = change.add({ hours: 30 });
        const walls: number[] = [];
        const end = toWall(last.toPlainDateTime());
        for (let wall = new Date(toWall(first.toPlainDateTime()) - 86_400_000); wall.getTime() < end; ) {
          wall = oracle.nextRun(wall) ?? new Date(Number.POSITIVE_INFINITY);
          walls.push(wall.getTime());
        }
        const expected = resolve(walls, zone, everyHour)
          .filter((instant) => instant > first.epochMilliseconds && instant < last.epochMilliseconds - 3_600_000)
          .map((instant) => new Date(instant).toISOString());
        const schedule = cron(expr, zone);
        const found: string[] = [];
        for (let next = schedule.nextAfter(first.epochMilliseconds); found.length < expected.length; ) {
          found.push(new Date(next ?? 0).toISOString());
          next = schedule.nextAfter(next ?? 0);
        }
        expect(found).toEqual(expected);
      }
    },
  );
});

describe('by example', () => {
  test('a time in the gap is shifted by it, a time that occurs twice runs at the first', () => {
    expect(fires(cron('30 2 * * *', 'Europe/Berlin'), '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T03:30:00+02:00',
      '2026-03-30T02:30:00+02:00',
    ]);
    expect(fires(cron('30 2 * * *', 'Europe/Berlin'), '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T02:30:00+02:00',
      '2026-10-26T02:30:00+01:00',
    ]);
  });

  test('every hour stays every hour', () => {
    const schedule = cron('0 * * * *', 'Europe/Berlin');
    for (const start of ['2026-03-28T22:00:00Z', '2026-10-24T22:00:00Z']) {
      for (let hour = 0, last = at(start); hour < 6; hour++, last += 3_600_000) {
        expect(schedule.nextAfter(last)).toBe(last + 3_600_000);
      }
    }
    expect(rrule('FREQ=MINUTELY;INTERVAL=15', 'Europe/Berlin').nextAfter(at('2026-10-25T00:45:00Z'))).toBe(
      at('2026-10-25T01:00:00Z'),
    );
  });

  test('half an hour in Lord Howe', () => {
    expect(fires(cron('0,15 2 * * *', 'Australia/Lord_Howe'), '2026-10-03T12:00:00Z', 2)).toEqual([
      '2026-10-04T02:30:00+11:00',
      '2026-10-04T02:45:00+11:00',
    ]);
    expect(fires(cron('45 1 * * *', 'Australia/Lord_Howe'), '2026-04-04T12:00:00Z', 2)).toEqual([
      '2026-04-05T01:45:00+11:00',
      '2026-04-06T01:45:00+10:30',
    ]);
  });

  test('midnight that does not exist', () => {
    expect(fires(cron('0 0 * * *', 'Africa/Cairo'), '2026-04-23T12:00:00Z', 2)).toEqual([
      '2026-04-24T01:00:00+03:00',
      '2026-04-25T00:00:00+03:00',
    ]);
    expect(fires(cron('@daily', 'America/Asuncion'), '2023-09-30T12:00:00Z', 2)).toEqual([
      '2023-10-01T01:00:00-03:00',
      '2023-10-02T00:00:00-03:00',
    ]);
  });

  test('the day Samoa left out runs once, together with the day after', () => {
    expect(fires(cron('0 9 * * *', 'Pacific/Apia'), '2011-12-29T12:00:00Z', 3)).toEqual([
      '2011-12-29T09:00:00-10:00',
      '2011-12-31T09:00:00+14:00',
      '2012-01-01T09:00:00+14:00',
    ]);
    expect(fires(cron('0 9 30 12 *', 'Pacific/Apia'), '2011-01-01T12:00:00Z', 2)).toEqual([
      '2011-12-31T09:00:00+14:00',
      '2012-12-30T09:00:00+14:00',
    ]);
  });

  test('once follows the same rule', () => {
    expect(fires(once('2026-03-29T02:30', 'Europe/Berlin'), 0, 2)).toEqual(['2026-03-29T03:30:00+02:00']);
    expect(fires(once('2026-10-25T02:30', 'Europe/Berlin'), 0, 2)).toEqual(['2026-10-25T02:30:00+02:00']);
    expect(fires(once('2026-04-24', 'Africa/Cairo'), 0, 2)).toEqual(['2026-04-24T01:00:00+03:00']);
  });

  test('notes say what the change does', () => {
    const note = (schedule: ReturnType<typeof cron>, iso: string): string | null => noteOf(schedule, at(iso));
    const nightly = cron('30 2 * * *', 'Europe/Berlin');
    expect(note(nightly, '2026-03-29T03:30:00+02:00')).toBe(
      '02:30 does not exist on this day (clocks go forward); runs at 03:30',
    );
    expect(note(nightly, '2026-10-25T02:30:00+02:00')).toBe(
      '02:30 occurs twice on this day (clocks go back); runs at the first',
    );
    expect(note(nightly, '2026-10-26T02:30:00+01:00')).toBeNull();
    expect(note(cron('30 3 * * *', 'Europe/Berlin'), '2026-03-29T03:30:00+02:00')).toBeNull();
    const hourly = cron('30 * * * *', 'Europe/Berlin');
    expect(note(hourly, '2026-10-25T02:30:00+02:00')).toContain('this is the first, and it runs at both');
    expect(note(hourly, '2026-10-25T02:30:00+01:00')).toContain('this is the second');
    expect(note(cron('0 9 30 12 *', 'Pacific/Apia'), '2011-12-31T09:00:00+14:00')).toBe(
      '09:00 does not exist on 2011-12-30 (clocks go forward); runs at 09:00',
    );
    expect(note(once('2026-03-29T02:30', 'Europe/Berlin'), '2026-03-29T03:30:00+02:00')).toContain('does not exist');
  });
});
