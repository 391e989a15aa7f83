import { describe, expect, test } from 'vitest';
import { compileTopicGlob } from '../../src/kernel/topic-glob.ts';
import { type EventSchedule, parseSchedule } from '../../src/schedule/parse.ts';
import { issuesOf, spec } from './spec.ts';

const condition = (expr: string, eventTopic = '**'): EventSchedule =>
  parseSchedule({ ...spec({ kind: 'condition', expr, eventTopic }), kind: 'condition' });

describe('topics', () => {
  test.each([
    ['run.failed', ['run.failed'], ['run.failed.x', 'run', 'Run.failed']],
    ['run.*', ['run.failed', 'run.x'], ['run', 'run.', 'run.a.b', 'task.x']],
    ['run.f*d', ['run.failed', 'run.fd'], ['run.fail', 'run.f.d']],
    ['*.failed', ['run.failed'], ['failed', '.failed', 'a.b.failed']],
    ['a?c', ['abc', 'a-c', 'aéc'], ['ac', 'a.c', 'abbc']],
    ['**', ['a', 'a.b', 'a.b.c'], []],
    ['core.**', ['core', 'core.a', 'core.a.b'], ['cores', 'x.core']],
    ['**.failed', ['failed', 'run.failed', 'a.b.failed'], ['failed.x']],
    ['a.**.z', ['a.z', 'a.b.z', 'a.b.c.z', 'a.z.z'], ['a', 'z', 'a.b']],
    ['a.**.b.**.c', ['a.b.c', 'a.x.b.y.z.c', 'a.b.b.c.c'], ['a.c.b', 'a.b']],
    ['a.+(b)[c]', ['a.+(b)[c]'], ['a.bc']],
  ])('%s matches %j and not %j', (pattern, yes, no) => {
    const matches = compileTopicGlob(pattern);
    for (const topic of yes) expect([topic, matches(topic)]).toEqual([topic, true]);
    for (const topic of no) expect([topic, matches(topic)]).toEqual([topic, false]);
  });

  test.each([
    ['a..b', 'empty name'],
    ['.a', 'empty name'],
    ['', 'empty name'],
    ['a**', 'inside `a**`'],
    ['a.***', 'inside `***`'],
    ['a b', 'white space'],
  ])('%j is refused', (eventTopic, sentence) => {
    expect(issuesOf(spec({ kind: 'event', eventTopic }))[0]).toMatch(/^event_topic: /);
    expect(issuesOf(spec({ kind: 'event', eventTopic }))[0]).toContain(sentence);
  });

  test('patterns made to backtrack take no time', () => {
    const before = performance.now();
    expect(compileTopicGlob('a*'.repeat(100))(`${'a'.repeat(10_000)}b`)).toBe(true);
    expect(compileTopicGlob(`${'*a'.repeat(99)}b`)('a'.repeat(10_000))).toBe(false);
    expect(compileTopicGlob(`${'**.a.'.repeat(38)}b`)(Array(5000).fill('a').join('.'))).toBe(false);
    expect(compileTopicGlob(`${'**.*a*a*.'.repeat(20)}b`)(Array(500).fill('aaaaaaaa').join('.'))).toBe(false);
    expect(performance.now() - before).toBeLessThan(1500);
  });
});

describe('conditions', () => {
  const event = { id: '1', topic: 'weather.now', payload: { temperature: 26, tags: [], zero: 0 }, source: 'probe' };

  test.each([
    ['payload.temperature > 25', true],
    ['payload.temperature > 26.5', false],
    ["topic == 'weather.now' && event.source == 'probe'", true],
    ['payload.tags', false],
    ['payload.zero', true],
    ['payload.missing', false],
    ['payload.missing == null', true],
    ['true', true],
  ])('%s is %s', (expr, expected) => {
    expect(condition(expr).matches(event)).toBe(expected);
  });

  test('the topic has to match as well', () => {
    expect(condition('true', 'weather.*').matches(event)).toBe(true);
    expect(condition('true', 'run.*').matches(event)).toBe(false);
  });

  test.each([
    ['payload.a = `1`', 'condition: `payload.a = `1`` has a single `=` at position 11; compare with `==`.'],
    ['a ==', 'condition: `a ==` is not an expression'],
    [
      'payload.severity == "critical"',
      "there is no `critical` here. In double quotes it is the name of a field; a text stands in single quotes: 'critical'.",
    ],
    ['paylod.severity', 'there is no `paylod` here. Did you mean payload?'],
    ['severity', 'there is no `severity` here. It begins with topic, payload, event.'],
    ['', 'condition: The expression is empty.'],
  ])('%j is refused', (expr, sentence) => {
    expect(issuesOf(spec({ kind: 'condition', expr, eventTopic: '**' }))).toEqual([
      expect.stringContaining(`schedule_expr: `),
    ]);
    expect(issuesOf(spec({ kind: 'condition', expr, eventTopic: '**' }))[0]).toContain(sentence);
  });

  test.each(['payload."content-type"', 'payload.list[?name == "other"]', 'payload | "a b"'])(
    '%s may be right',
    (expr) => expect(issuesOf(spec({ kind: 'condition', expr, eventTopic: '**' }))).toEqual([]),
  );

  test('one that cannot be evaluated is false and says why', () => {
    const schedule = condition('length(payload.temperature) > 1');
    expect(schedule.matches(event)).toBe(false);
    expect(schedule.judge(event).error).toContain('cannot be evaluated');
    expect(condition('true').judge(event)).toEqual({ matched: true, error: null });
  });

  test('every bad field is told at once', () => {
    expect(issuesOf(spec({ kind: 'condition', expr: 'a ==', eventTopic: 'a..b', timezone: 'Mars/Base' }))).toEqual([
      expect.stringMatching(/^timezone: `Mars\/Base` is not an IANA time zone\./),
      expect.stringMatching(/^event_topic: `a\.\.b` has an empty name/),
      expect.stringMatching(/^schedule_expr: condition: `a ==` is not an expression/),
    ]);
    expect(issuesOf(spec({ kind: 'condition' }))).toHaveLength(2);
    expect(issuesOf(spec({ kind: 'event' }))).toHaveLength(1);
  });
});
