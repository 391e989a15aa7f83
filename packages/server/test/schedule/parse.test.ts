import { describe, expect, test } from 'vitest';
import { onceIsPast, parseSchedule } from '../../src/schedule/parse.ts';
import { previewSchedule } from '../../src/schedule/preview.ts';
import { at, cron, fires, issuesOf, once, rrule, spec } from './spec.ts';

describe('time zones', () => {
  test('names in any case and their old names are known', () => {
    for (const timezone of ['UTC', 'utc', 'europe/berlin', 'US/Eastern', 'America/Argentina/Buenos_Aires']) {
      expect(issuesOf(spec({ kind: 'cron', expr: '@daily', timezone }))).toEqual([]);
    }
    expect(cron('@daily', 'europe/BERLIN').zone.id).toBe('Europe/Berlin');
  });

  test.each([
    ['Europe/Berlim', 'timezone: `Europe/Berlim` is not an IANA time zone. Did you mean Europe/Berlin'],
    ['Foo/Bar', 'timezone: `Foo/Bar` is not an IANA time zone.'],
    ['+02:00', 'timezone: `+02:00` is an offset; use the name of a zone, for example Europe/Berlin or UTC.'],
    ['Z', 'timezone: `Z` is an offset'],
    ['', 'timezone: `` is not an IANA time zone.'],
  ])('%s is refused', (timezone, sentence) => {
    expect(issuesOf(spec({ kind: 'cron', expr: '@daily', timezone }))[0]).toContain(sentence);
  });

  test('a bad zone and a bad expression are told together', () => {
    const issues = issuesOf(spec({ kind: 'cron', expr: '61 25 * * *', timezone: 'Foo/Bar' }));
    expect(issues.map((issue) => issue.split(':')[0])).toEqual(['timezone', 'schedule_expr', 'schedule_expr']);
  });
});

describe('once', () => {
  test.each([
    ['2026-03-01T08:30:00Z', '2026-03-01T09:30:00+01:00'],
    ['2026-03-01T08:30:00+05:30', '2026-03-01T04:00:00+01:00'],
    ['2026-03-01T08:30', '2026-03-01T08:30:00+01:00'],
    ['2026-03-01 08:30:15.250', '2026-03-01T08:30:15.250+01:00'],
    ['2026-03-01', '2026-03-01T00:00:00+01:00'],
  ])('%s', (expr, local) => {
    const schedule = once(expr, 'Europe/Berlin');
    expect(fires(schedule, 0, 2)).toEqual([local]);
    expect(schedule.nextAfter(at(local))).toBeNull();
  });

  test.each(['tomorrow', '2026-02-30', '2026-03-01T25:00', '2026-13-01', '2026-03-01T08:30[Europe/Berlin]', '08:30'])(
    '%s is refused',
    (expr) => {
      expect(issuesOf(spec({ kind: 'once', expr }))[0]).toContain(`schedule_expr: \`${expr}\` is not a date and time`);
    },
  );

  test('one in the past is told apart', () => {
    const now = at('2026-11-21T12:00:00Z');
    expect(onceIsPast(once('2026-11-21T12:00:00Z'), now)).toBe(true);
    expect(onceIsPast(once('2026-11-21T12:00:01Z'), now)).toBe(false);
    expect(onceIsPast(rrule('FREQ=DAILY;COUNT=1'), now)).toBe(false);
  });
});

describe('parsing', () => {
  test('the same spec is parsed once', () => {
    expect(cron('5 4 * * *')).toBe(cron('5 4 * * *'));
    expect(cron('5 4 * * *')).not.toBe(cron('5 4 * * *', 'Europe/Berlin'));
    expect(rrule('FREQ=DAILY')).not.toBe(rrule('FREQ=DAILY', 'UTC', '2026-01-02T08:00:00Z'));
  });

  test('every kind says what it is', () => {
    const given = { expr: '@daily', eventTopic: 'a.b' };
    expect(parseSchedule(spec({ kind: 'cron', ...given })).kind).toBe('cron');
    expect(parseSchedule(spec({ kind: 'event', ...given })).kind).toBe('event');
  });
});

describe('preview', () => {
  const from = at('2026-03-28T12:00:00Z');

  test('shows the fire times, what the clocks do to them, and the schedule in words', () => {
    const given = spec({ kind: 'cron', expr: '30 2 * * *', timezone: 'Europe/Berlin' });
    expect(previewSchedule(given, { count: 2, from })).toEqual({
      timezone: 'Europe/Berlin',
      description: 'At 02:30',
      fire_times: [
        {
          at: '2026-03-29T01:30:00.000Z',
          local: '2026-03-29T03:30:00+02:00',
          note: '02:30 does not exist on this day (clocks go forward); runs at 03:30',
        },
        { at: '2026-03-30T00:30:00.000Z', local: '2026-03-30T02:30:00+02:00', note: null },
      ],
    });
  });

  test('is nextAfter again and again', () => {
    const given = spec({
      kind: 'rrule',
      expr: 'FREQ=WEEKLY;BYDAY=MO,FR',
      timezone: 'Asia/Tokyo',
      dtstart: at('2020-01-01'),
    });
    const preview = previewSchedule(given, { count: 30, from });
    const schedule = parseSchedule({ ...given, kind: 'rrule' });
    let last = from;
    for (const fire of preview.fire_times) {
      last = schedule.nextAfter(last) ?? 0;
      expect(fire.at).toBe(new Date(last).toISOString());
    }
    expect(preview.fire_times).toHaveLength(30);
  });

  test('an RRULE without DTSTART starts where the preview does', () => {
    const preview = previewSchedule(spec({ kind: 'rrule', expr: 'FREQ=DAILY;COUNT=2' }), { from: from + 500 });
    expect(preview.fire_times.map(({ at }) => at)).toEqual(['2026-03-29T12:00:00.000Z']);
  });

  test('schedules of events have no fire times', () => {
    const given = spec({ kind: 'condition', expr: 'payload.level > 3', eventTopic: 'alert.*' });
    expect(previewSchedule(given, { from })).toEqual({
      timezone: 'UTC',
      description: 'On every event whose topic matches alert.* when payload.level > 3 is true',
      fire_times: [],
    });
  });

  test.each([
    ['cron', '0 8 * * 1-5', 'At 08:00, Monday through Friday'],
    ['cron', '@hourly', 'Every hour'],
    ['cron', '0 0 13 * 5', 'At 00:00, on day 13 of the month, and at 00:00, only on Friday'],
    ['cron', '0 0 L * *', 'At 00:00, on the last day of the month'],
    ['cron', '*/20 * * * * *', 'Every 20 seconds'],
    ['rrule', 'FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=8;BYMINUTE=0', 'Every month on last Friday at 8 AM'],
    ['cron', '0 8 3,15W * *', 'At the times of the cron expression 0 8 3,15W * *'],
    ['rrule', 'FREQ=DAILY;UNTIL=20301231', 'Every day until December 31, 2030'],
    ['rrule', 'FREQ=DAILY;BYHOUR=9;UNTIL=20301231T090000', 'Every day at 9 AM until December 31, 2030'],
    ['once', '2026-12-24', 'Once at 2026-12-24T00:00:00+00:00'],
  ] as const)('%s %s in words', (kind, expr, words) => {
    expect(previewSchedule(spec({ kind, expr, dtstart: 0 }), { from }).description).toBe(words);
  });
});
