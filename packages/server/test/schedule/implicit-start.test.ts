import { expect, test } from 'vitest';
import { implicitStart } from '../../src/schedule/implicit-start.ts';

const now = Date.parse('2026-03-10T14:37:22.345Z');

test.each([
  ['FREQ=DAILY', 'UTC', '2026-03-10T14:37:22Z'],
  ['FREQ=DAILY;BYHOUR=9', 'UTC', '2026-03-10T15:00:00Z'],
  ['FREQ=DAILY;BYHOUR=9', 'Asia/Kolkata', '2026-03-10T15:30:00Z'],
  ['freq=hourly;byminute=5', 'UTC', '2026-03-10T14:38:00Z'],
  ['FREQ=DAILY;BYHOUR=9;BYSECOND=1', 'UTC', '2026-03-10T14:37:22Z'],
  ['FREQ=DAILY;BYHOUR=9', 'No/Where', '2026-03-10T14:37:22Z'],
])('%s in %s starts at %s', (expr, zone, start) => {
  expect(implicitStart(expr, zone, now)).toBe(Date.parse(start));
});
