import type { MonitoringPoint } from '@ordinaut/kit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineOf } from '../../../../../plugins/parts/line-protocol.ts';
import { retryAfterMs } from '../../../../../plugins/parts/retry-after.ts';
import { parseLines } from '../../support/influx-receiver.ts';

const point = (more: Partial<MonitoringPoint>): MonitoringPoint => ({
  series: 'requests',
  eventTime: 1_767_225_600.123456,
  tags: { service: 'ordinaut', route: 'GET:/tasks', status_code: 200 },
  fields: { request_id: 'a', execution_time: 0.25 },
  ...more,
});

test('a point of a request', () => {
  expect(lineOf(point({}), { host: 'a' })).toBe(
    'requests,host=a,route=GET:/tasks,service=ordinaut,status_code=200 request_id="a",execution_time=0.25 1767225600123456000',
  );
});

test.each([
  [
    'spaces, commas and equals signs of a tag',
    { tags: { 'a b': 'c, d=e' }, fields: { x: 1 } },
    'requests,a\\ b=c\\,\\ d\\=e x=1 ',
  ],
  ['a backslash and a line break of a tag', { tags: { a: 'C:\\x\ny' }, fields: { x: 1 } }, 'requests,a=C:/x\\ y x=1 '],
  ['an empty tag', { tags: { a: '' }, fields: { x: 1 } }, 'requests x=1 '],
  [
    'quotes, backslashes and line breaks of a field',
    { tags: {}, fields: { a: 'x"\\\ny' } },
    'requests a="x\\"\\\\\ny" ',
  ],
  ['whole numbers', { tags: {}, fields: { a: 1, b: -1.5e-9 } }, 'requests a=1,b=-1.5e-9 '],
  ['numbers that are none', { tags: {}, fields: { a: Number.NaN, b: 1 / 0, c: 2 } }, 'requests c=2 '],
])('%s', (_what, more, line) => {
  expect(lineOf(point(more), {})).toBe(`${line}1767225600123456000`);
});

test('a point without a field is no line', () => {
  expect(lineOf(point({ fields: { a: Number.NaN } }), {})).toBeNull();
});

test('tags of the point go before those of all points', () => {
  expect(parseLines(lineOf(point({ tags: { host: 'mine' } }), { host: 'all', zone: 'z' })!)[0]!.tags).toEqual({
    host: 'mine',
    zone: 'z',
  });
});

test('whatever stands in a point, InfluxDB reads it as it was meant', () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 });
  const hostile = fc.string({
    unit: fc.constantFrom('\\', ',', '=', ' ', '"', '\n', '\r', '\t', 'a', 'é'),
    minLength: 1,
    maxLength: 12,
  });
  const name = fc.oneof(text, hostile);
  const value = fc.oneof(text, hostile, fc.double({ noNaN: true, noDefaultInfinity: true }));
  const plain = (from: string) => from.replaceAll('\\', '/').replace(/[\u0000-\u001f\u007f]/g, ' ');
  const pairs = fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => plain(key), minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(pairs, pairs, fc.double({ min: 0, max: 4e9, noNaN: true }), (tags, fields, eventTime) => {
      const line = lineOf(
        { series: 'requests', eventTime, tags: Object.fromEntries(tags), fields: Object.fromEntries(fields) },
        {},
        7,
      );
      // A second line shows that the first has ended where it should.
      const read = parseLines(`${line}\nnext a=1 1`);
      expect(read).toHaveLength(2);
      expect(read[0]).toEqual({
        measurement: 'requests',
        tags: Object.fromEntries(tags.map(([key, tag]) => [plain(key), plain(String(tag))])),
        fields: Object.fromEntries(
          fields.map(([key, field]) => [plain(key), typeof field === 'number' ? field + 0 : field]),
        ),
        time: BigInt(Math.round(eventTime * 1e6)) * 1000n + 7n,
      });
    }),
    { numRuns: 500 },
  );
});

test.each([
  [undefined, 0],
  ['5', 5000],
  [['7', '8'], 7000],
  ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ['soon', 0],
  ['999999999', 300_000],
])('Retry-After: %s is %d ms', (header, ms) => {
  expect(retryAfterMs(header, Date.parse('2026-01-01T00:00:00Z'))).toBe(ms);
});
