import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publicPaths } from '../../src/http/door/public-paths.ts';
import { compileTopicGlob } from '../../src/kernel/topic-glob.ts';
import { Asker } from '../support/asker.ts';
import { type AttackedServer, startAttacked } from '../support/attacked-server.ts';
import { cpuTimeOf } from '../support/cpu-time.ts';
import { faultsOf } from '../support/error-answer.ts';
import { runs, seed } from '../support/run-options.ts';
import { Tally } from '../support/tally.ts';

/** How long one input may keep everybody else waiting, in milliseconds of the thread. */
const LONGEST_MS = 250;
const TRIES = 3;

const tally = new Tally();
const slowest = { ms: 0, what: '' };
let attacked: AttackedServer;
let asker: Asker;

beforeAll(async () => {
  attacked = await startAttacked({ ORDINAUT_AUTH: 'off' });
  asker = new Asker(attacked.url);
  // What is loaded and compiled at the first use is no input's doing.
  await preview({ schedule_kind: 'rrule', schedule_expr: 'FREQ=DAILY' });
  await preview({ schedule_kind: 'cron', schedule_expr: '@daily' });
  await preview({ schedule_kind: 'condition', schedule_expr: 'a', event_topic: '**' });
  await transform('sort(@)', '[1, 2]');
  await asker.ask('/tasks?limit=1', { headers: { 'x-scopes': 'tasks:read' } });
  for (const path of ['/ext/webui/', '/docs/', '/ext/webui/../x', '/docs/x']) await asker.ask(path);
});
afterAll(async () => {
  await asker?.[Symbol.asyncDispose]();
  await attacked?.[Symbol.asyncDispose]();
  process.stdout.write(
    `Slow inputs: ${tally.line()}; the slowest took ${Math.round(slowest.ms)} ms: ${slowest.what.slice(0, 100)}\n`,
  );
});

/**
 * Holds an input to its time, and its answer to the form of answers. One that takes too long may try twice more: the machine, the
 * compiler and the collector of garbage have their moments; what is slow by itself is slow each time.
 *
 * @param options with the number of the try, so that nothing is remembered of the one before.
 */
async function answered(
  group: string,
  what: string,
  path: string,
  options: (attempt: number) => Parameters<Asker['ask']>[1],
): Promise<number> {
  let status = 0;
  let ms = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < TRIES && ms >= LONGEST_MS; attempt++) {
    const took = await cpuTimeOf(async () => {
      const answer = await asker.ask(path, options(attempt));
      status = answer.status;
      tally.count(group, status);
      expect(faultsOf(answer), what).toEqual([]);
    });
    ms = Math.min(ms, took);
  }
  if (ms > slowest.ms) Object.assign(slowest, { ms, what });
  expect(ms, `${what.slice(0, 300)} took ${ms} ms`).toBeLessThan(LONGEST_MS);
  return status;
}

const post = (body: unknown) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
const preview = (spec: object) =>
  answered('schedules', JSON.stringify(spec), '/schedules/preview', (attempt) =>
    post({ count: 100, from: `2026-03-01T00:00:0${attempt}Z`, ...spec }),
  );
/** @param data JSON, as writing it again and again takes longer than what is looked at here. */
const transform = (expression: string, data: string) =>
  answered('expressions', expression, '/tools/core.transform/call', () => ({
    ...post(null),
    body: `{"input":{"expression":${JSON.stringify(expression)},"data":${data}}}`,
  }));

describe('schedules', () => {
  const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, n) => n + from).join();
  const all = { BYHOUR: upTo(24), BYMINUTE: upTo(60), BYSECOND: upTo(60) };
  const everySecond = `BYHOUR=${all.BYHOUR};BYMINUTE=${all.BYMINUTE};BYSECOND=${all.BYSECOND}`;
  const week = 'MO,TU,WE,TH,FR,SA,SU';
  const days = Array.from({ length: 28 }, (_, n) => `202603${String(n + 1).padStart(2, '0')}`).join();

  test.each([
    'FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYMONTH=6',
    `FREQ=YEARLY;BYDAY=${week};${everySecond}`,
    `FREQ=DAILY;${everySecond}`,
    `FREQ=DAILY;${everySecond};BYSETPOS=-1`,
    `FREQ=HOURLY;BYMINUTE=${all.BYMINUTE};BYSECOND=${all.BYSECOND};BYSETPOS=366`,
    `FREQ=DAILY;BYHOUR=${all.BYHOUR};BYMINUTE=${upTo(40)};BYSETPOS=-1`,
    `FREQ=DAILY;BYHOUR=${all.BYHOUR};BYMINUTE=${upTo(40)};BYSETPOS=-1;COUNT=3000`,
    `FREQ=YEARLY;BYSETPOS=366;BYYEARDAY=${upTo(300, 1)}`,
    `FREQ=YEARLY;BYSETPOS=-366;BYYEARDAY=${upTo(300, 1)};COUNT=3000`,
    `FREQ=YEARLY;BYMONTHDAY=31;BYHOUR=${all.BYHOUR};BYMINUTE=0,1;BYSETPOS=366`,
    `FREQ=MONTHLY;BYMONTHDAY=30,31;BYMONTH=4,6;BYHOUR=${all.BYHOUR};BYMINUTE=${upTo(15)};BYSETPOS=366`,
    'FREQ=SECONDLY;BYMONTH=1;BYMONTHDAY=1;BYHOUR=0;BYMINUTE=0;BYSECOND=0;COUNT=3000',
    'FREQ=YEARLY;BYYEARDAY=366;BYDAY=MO;COUNT=3000',
    'FREQ=SECONDLY;INTERVAL=86399;BYHOUR=3',
    'FREQ=MINUTELY;INTERVAL=1439;BYSECOND=0,1,2;BYMONTHDAY=31;BYMONTH=12;BYSETPOS=3',
    `FREQ=SECONDLY\nEXDATE;VALUE=DATE:${days}`,
    `FREQ=MINUTELY;BYSECOND=${all.BYSECOND}\nEXDATE;VALUE=DATE:${days}`,
    `FREQ=DAILY\nRDATE:${Array.from({ length: 110 }, (_, n) => `2026010${(n % 9) + 1}T0000${n % 60 < 10 ? '0' : ''}${n % 60}`).join()}`,
    ';'.repeat(1999),
    'FREQ=DAILY;'.repeat(180),
    `FREQ=DAILY;BYHOUR=${'1,'.repeat(900)}1`,
    '\n '.repeat(900),
  ])('the rule %s', async (rule) => {
    await preview({ schedule_kind: 'rrule', schedule_expr: rule });
    await preview({ schedule_kind: 'rrule', schedule_expr: rule, dtstart: '0001-01-01', timezone: 'America/St_Johns' });
  });

  test('any rule, of parts that hold much', async () => {
    const numbers = (max: number, from = 0) =>
      fc.oneof(
        fc.constant(upTo(max, from)),
        fc
          .uniqueArray(fc.integer({ min: from, max: max - 1 + from }), { minLength: 1, maxLength: 4 })
          .map((list) => list.join()),
      );
    const part = (name: string, values: fc.Arbitrary<string>) =>
      fc.option(
        values.map((value) => `${name}=${value}`),
        { nil: '' },
      );
    // Parts that go together, as others are refused before anything is worked out.
    const frequency = fc.constantFrom('SECONDLY', 'MINUTELY', 'HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY');
    const rule = frequency.chain((name) => {
      const isLong = name === 'MONTHLY' || name === 'YEARLY';
      const takesYearDays = !['DAILY', 'WEEKLY', 'MONTHLY'].includes(name);
      const none = fc.constant('');
      const weekdays = isLong ? [week, 'MO', '1MO,-1FR', '53MO', '5SU', 'MO,2TU'] : [week, 'MO', 'SA,SU'];
      return fc
        .tuple(
          fc.constant(`FREQ=${name}`),
          part('INTERVAL', fc.constantFrom('1', '2', '7', '1439', '999999999')),
          part('BYMONTH', numbers(12, 1)),
          name === 'WEEKLY' ? none : part('BYMONTHDAY', numbers(31, 1)),
          takesYearDays ? part('BYYEARDAY', numbers(366, 1)) : none,
          part('BYDAY', fc.constantFrom(...weekdays)),
          part('BYHOUR', numbers(24)),
          part('BYMINUTE', numbers(60)),
          part('BYSECOND', numbers(60)),
          part('BYSETPOS', fc.constantFrom('1', '-1', '2', '50', '366', '-366')),
          part('COUNT', fc.constantFrom('1', '100', '3000')),
        )
        .map((parts) => parts.filter((text) => text !== '').join(';'));
    });
    const one = async (text: string) => void (await preview({ schedule_kind: 'rrule', schedule_expr: text }));
    await fc.assert(fc.asyncProperty(rule, one), { seed, numRuns: runs });
  });

  test.each([
    '0 0 31 2,4,6,9,11 *',
    '0 0 * 2 MON#5',
    `0 0 ${'31W,'.repeat(480)}31W 2 SUN#5`,
    `0 0 ${'LW,'.repeat(600)}LW 2 *`,
    `${'*/1,'.repeat(490)}* * * * *`,
    `${'0-59/1,'.repeat(280)}* * * * *`,
    '* '.repeat(999),
    `${'-'.repeat(1990)} * * * *`,
    '59 59 23 29 2 MON#5',
  ])('the cron line %s', async (line) => {
    await preview({ schedule_kind: 'cron', schedule_expr: line, timezone: 'Australia/Lord_Howe' });
  });

  test.each([
    'a*'.repeat(100),
    `${'**.a.'.repeat(39)}b`,
    `${'**.*a*a*a*b.'.repeat(15)}c`,
    '?*'.repeat(100),
    '.'.repeat(200),
  ])('the topics %s', async (pattern) => {
    await preview({ schedule_kind: 'event', event_topic: pattern });
    const topics = ['a'.repeat(200), Array(100).fill('a').join('.'), Array(20).fill('aaaaaaaaa').join('.')];
    const match = () => {
      const fits = compileTopicGlob(pattern);
      for (const topic of topics) fits(topic);
    };
    if (!pattern.includes('..')) expect(await cpuTimeOf(match)).toBeLessThan(LONGEST_MS);
    expect(
      await answered('topics', pattern, `/events/stream?topic=${encodeURIComponent(`${pattern}..`)}`, () => ({})),
    ).toBe(400);
  });
});

describe('expressions', () => {
  const numbers = (count: number) => Array.from({ length: count }, (_, n) => (n * 7919) % 9973);
  const object = Object.fromEntries(numbers(4000).map((value, n) => [`k${n}`, value]));
  const data = JSON.stringify({
    a: numbers(20_000),
    c: numbers(20_000),
    b: numbers(50_000),
    s: numbers(20_000).map((n) => `w${n}`),
    t: 'ab'.repeat(70_000),
    u: 'ab'.repeat(70_000),
    o: object,
    p: object,
  });
  const each = (call: string) => `map(&${call}, b) | length(@)`;

  test.each([
    ...['sort($.a)', 'sort($.s)', 'reverse($.t)', "join(',', $.s)", 'join($.t, $.s[:10])', 'contains($.a, `-5`)'].map(
      each,
    ),
    ...["contains($.t, 'zz')", "length(split($.t, ''))", "replace($.t, 'a', '0123456789')", 'sum($.a)', 'max($.s)'].map(
      each,
    ),
    ...[
      'keys($.o)',
      'values($.o)',
      'items($.o)',
      'merge($.o, $.o)',
      'from_items(items($.o))',
      'upper($.t)',
      'trim($.t)',
    ].map(each),
    ...['length($.t)', 'to_string($.a)', 'to_string($.t)', 'zip($.a, $.a)', "pad_left('', `100000`)", '$.t[::-1]'].map(
      each,
    ),
    ...[
      "find_last($.t, 'zz')",
      'starts_with($.t, $.u)',
      'to_number($.t)',
      'avg($.a)',
      'length($.o)',
      '$.o.*',
      '$.a[]',
    ].map(each),
    each('(let $x = @ in $x)'),
    'b[?$.a == $.c]',
    'b[?$.o == $.p]',
    'b[?$.t == $.u]',
    'b[?$.o == `{"a": 1}`]',
    'sort_by(a, &$.t)',
    'max_by(a, &$.t)',
    'min_by(a, &$.t)',
    'group_by(a, &$.t)',
    'a[].[@,@,@]|[].[@,@,@]|[].[@,@]',
    `[@,@]${' | [@,@]'.repeat(60)}`,
    `to_string([@,@]${' | [@,@]'.repeat(60)})`,
  ])('%s over much data', async (expression) => {
    expect(await transform(expression, data)).toBe(200);
  });

  test.each([
    '['.repeat(1999),
    '`'.repeat(1999),
    `${'!'.repeat(1990)}a`,
    `${'-'.repeat(1990)}1`,
    `${'a?b:'.repeat(400)}c`,
    `${'let $a = b in '.repeat(120)}$a`,
    `a${'[]'.repeat(900)}`,
    `${'a.'.repeat(900)}a`,
    `${'@|'.repeat(900)}@`,
    'a[ '.repeat(660),
    `${'1-'.repeat(990)}1`,
    `${'{'.repeat(60)}${'a:'.repeat(60)}`,
    ' '.repeat(2000),
    `"${'\\u0041'.repeat(300)}"`,
    `\`${'['.repeat(1990)}`,
  ])('the text %s', async (expression) => {
    await preview({ schedule_kind: 'condition', event_topic: '**', schedule_expr: expression });
    await transform(expression, 'null');
  });
});

describe('headers and paths', () => {
  const long = 15_000;
  test.each([
    ['x-scopes', 'a'.repeat(long)],
    ['x-scopes', 'a:'.repeat(long / 2)],
    ['x-scopes', 'a,'.repeat(long / 2)],
    ['x-scopes', ','.repeat(long)],
    ['x-scopes', `a${' '.repeat(long - 2)}b`],
    ['x-scopes', `a${':*'.repeat(long / 2)}!`],
    ['authorization', `Bearer ${'a '.repeat(long / 2 - 10)}b`],
    ['authorization', `bearer${' '.repeat(long)}`],
    ['cookie', ';'.repeat(long)],
    ['cookie', `ordinaut_session=${'%'.repeat(long - 100)}`],
    ['content-type', `application/json;${' '.repeat(long - 100)}charset`],
    ['content-type', `application/json${';a=b'.repeat(long / 4 - 10)}`],
    ['host', `127.0.0.1${'.1'.repeat(long / 2 - 20)}`],
    ['origin', `http://${'a.'.repeat(long / 2 - 20)}`],
    ['x-forwarded-for', '1.1.1.1,'.repeat(long / 8)],
    ['accept', '*/*,'.repeat(long / 4)],
    ['last-event-id', '9'.repeat(long)],
    ['idempotency-key', '\u00e9'.repeat(long / 2)],
  ])('%s: %s', async (name, value) => {
    await answered('headers', `${name}: ${value}`, '/tools/core.echo/call', () => ({
      ...post({}),
      headers: { 'content-type': 'application/json', [name]: value },
    }));
  });

  test.each([
    `/tasks?${'a&'.repeat(7000)}`,
    `/tasks?${'limit=1&'.repeat(1800)}`,
    `/tasks?${'a[b]=c&'.repeat(2000)}`,
    `/tasks?q=${'%61'.repeat(5000)}`,
    `/${'a/'.repeat(7500)}`,
    `/${'%2e%2e%2f'.repeat(1600)}`,
    `/ext/webui/${'../'.repeat(5000)}`,
    `/ext/webui/assets/${'a;'.repeat(7000)}`,
    `/docs/${'a/'.repeat(7000)}%`,
    `/ext/${'a'.repeat(15_000)}/x`,
    `/tools/${'a.'.repeat(90)}/call`,
  ])('%s', async (path) => {
    await answered('paths', path, path, () => ({}));
  });

  test.each([
    ['/ext/*-*-*-*.png', `/ext/${'-'.repeat(16_000)}`],
    ['/ext/**/x/**/y/**/z', `/ext${'/x/y'.repeat(4000)}`],
    ['/ext/*a*a*a*a*', `/ext/${'a'.repeat(16_000)};`],
    ['/docs/**', `/docs/${'a/'.repeat(8000)}%`],
  ])('ORDINAUT_PUBLIC_PATHS=%s', async (pattern, path) => {
    const isPublic = publicPaths([pattern]);
    expect(await cpuTimeOf(() => isPublic(path))).toBeLessThan(LONGEST_MS);
  });
});

describe('bodies', () => {
  test.each([
    ['nesting', `{"title":${'['.repeat(500_000)}`],
    ['nesting within bounds', `{"payload":{"params":{"a":${'['.repeat(150)}${']'.repeat(150)}}}}`],
    ['quotes', `"${'\\"'.repeat(250_000)}`],
    ['many keys', `{${Array.from({ length: 40_000 }, (_, n) => `"k${n}":1`).join()}}`],
    ['one key again and again', `{${'"a":1,'.repeat(100_000)}"a":1}`],
    ['a long number', `{"priority":${'9'.repeat(500_000)}}`],
    ['many wrong items', `{"title":"x","schedule_kind":"cron","payload":{"pipeline":[${'{},'.repeat(20_000)}{}]}}`],
    [
      'many wrong fields',
      JSON.stringify({
        pipeline: {},
        ...Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`titel${n}`, 1])),
      }),
    ],
    ['many scopes', JSON.stringify({ name: 'x', scopes: Array.from({ length: 60_000 }, (_, n) => `a:${n}`) })],
    ['equal scopes', JSON.stringify({ name: 'x', scopes: Array(60_000).fill('a:b') })],
    ['white space', `${' '.repeat(900_000)}{`],
  ])('%s', async (_name, text) => {
    for (const path of ['/tasks', '/auth/api-keys'])
      await answered('bodies', text, path, () => ({
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: text,
      }));
  });
});
