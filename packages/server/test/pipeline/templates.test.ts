import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunFailure } from '../../src/kernel/errors.ts';
import type { RunContext } from '../../src/pipeline/context.ts';
import { compileCondition } from '../../src/pipeline/context-expression.ts';
import { TemplateError } from '../../src/pipeline/template-error.ts';
import { compileTemplate } from '../../src/pipeline/templates.ts';

const context: RunContext = {
  now: '2026-03-01T12:00:00.000Z',
  params: { name: 'Ada', list: [1, 2], none: null, deep: { a: [{ b: true }] } },
  steps: { weather: { temperature: 31.5 }, skipped: null, 'fetch-all': [1] },
  errors: { skipped: { code: 'http_error', message: 'no' } },
  run: { id: 'r1', task_id: 't1', attempt: 1, trigger: 'manual', nominal_time: null },
};
const render = (template: unknown): unknown => compileTemplate(template, 'here')(context);

function failureOf(act: () => unknown): RunFailure {
  try {
    act();
  } catch (error) {
    if (error instanceof RunFailure) return error;
    throw error;
  }
  throw new Error('It did not fail.');
}

describe('templates', () => {
  it.each([
    ['${params.list}', [1, 2]],
    ['${params.none}', null],
    ['${params.deep.a[0].b}', true],
    ['${steps.weather.temperature}', 31.5],
    ['${steps.weather.temperature > 25}', true],
    ['${ steps.weather }', { temperature: 31.5 }],
    ['${length(params.list)}', 2],
    ['${errors.skipped.code}', 'http_error'],
    ['${run.trigger}', 'manual'],
  ])('%s keeps the type of its value', (template, expected) => {
    expect(render(template)).toEqual(expected);
  });

  it.each([
    ['Hello ${params.name}!', 'Hello Ada!'],
    ['${params.name}${params.name}', 'AdaAda'],
    [' ${params.list}', ' [1,2]'],
    ['x${steps.weather}', 'x{"temperature":31.5}'],
    ['[${params.none}]', '[]'],
    ['[${params.deep.nothing.at.all}]', '[]'],
    ['${params.list[0]}/${params.deep.a[0].b}', '1/true'],
  ])('%s becomes text', (template, expected) => {
    expect(render(template)).toBe(expected);
  });

  it.each([
    ['$${params.name}', '${params.name}'],
    ['a $${b} ${params.name}', 'a ${b} Ada'],
    ['${params.name}$${x', 'Ada${x'],
    ['$$${x}', '$${x}'],
    ['costs $5 {and} $', 'costs $5 {and} $'],
    ['$', '$'],
    ['', ''],
  ])('%j gives the literal %j', (template, expected) => {
    expect(render(template)).toBe(expected);
  });

  it.each([
    ["${'a}b'}", 'a}b'],
    ["${'it\\'s }'}", "it's }"],
    ['${`"}"`}', '}'],
    ['${`{"a": {"b": 1}}`}', { a: { b: 1 } }],
    ['${params."na}me" || \'x}\'}', 'x}'],
    ['${{a: params.name, b: {c: params.list}}}', { a: 'Ada', b: { c: [1, 2] } }],
    ["<${{a: '}'}}>", '<{"a":"}"}>'],
  ])('the } inside %s does not end it', (template, expected) => {
    expect(render(template)).toEqual(expected);
  });

  it.each([
    ['${now}', '2026-03-01T12:00:00.000Z'],
    ['${now+24h}', '2026-03-02T12:00:00.000Z'],
    ['${ now - 15m }', '2026-03-01T11:45:00.000Z'],
    ['${now+90s}', '2026-03-01T12:01:30.000Z'],
    ['${now-1d}', '2026-02-28T12:00:00.000Z'],
    ['at ${now+2w}.', 'at 2026-03-15T12:00:00.000Z.'],
  ])('%s is an instant', (template, expected) => {
    expect(render(template)).toBe(expected);
  });

  it('says when an instant is out of reach', () => {
    expect(failureOf(() => render('${now+999999999999w}')).message).toContain('further away than dates reach');
  });

  it('renders values at any depth and leaves keys alone', () => {
    const template = { '${a}': ['${params.name}', { b: 'x', c: 1 }], n: null };
    expect(render(template)).toEqual({ '${a}': ['Ada', { b: 'x', c: 1 }], n: null });
  });

  it('takes __proto__ for a key like any other', () => {
    const rendered = render(JSON.parse('{"__proto__": {"x": "${params.name}"}, "y": "${params.name}"}'));
    expect(JSON.stringify(rendered)).toBe('{"__proto__":{"x":"Ada"},"y":"Ada"}');
    expect(Object.getPrototypeOf(rendered)).toBe(Object.prototype);
  });

  it('gives the constant parts as they are, protected from tools that change their input', () => {
    const constant = { a: [1] };
    const rendered = compileTemplate({ constant, name: '${params.name}' })(context) as { constant: object };
    expect(rendered.constant).toBe(constant);
    expect(Object.isFrozen(constant.a)).toBe(true);
  });

  it.each([
    ['${steps.wether.temperature}', 'there is no `steps.wether`. Did you mean steps.weather?'],
    ['x ${params.nam}', 'there is no `params.nam`. Did you mean params.name?'],
    ['${parms.name}', 'there is no `parms` here. Did you mean params'],
    ['${steps.fetch}', 'Did you mean steps."fetch-all"?'],
    ['${item}', 'there is no `item` here'],
    ['${length(params.unknown)}', 'there is no `params.unknown`.'],
    ['${steps.constructor}', 'there is no `steps.constructor`.'],
    ['${[params.unknown, now]}', 'there is no `params.unknown`.'],
  ])('%s is a clear error', (template, expected) => {
    const failure = failureOf(() => render(template));
    expect(failure).toMatchObject({ code: 'template_error', stepId: 'here' });
    expect(failure.message).toMatch(/^Step here: /);
    expect(failure.message).toContain(expected);
    expect(failure.message).toContain(template.replace(/^.*\$\{|\}$/g, ''));
  });

  it.each([
    ["${params.unknown || 'x'}", 'x'],
    ["${not_null(params.unknown, 'x')}", 'x'],
    ['${params.unknown == null}', true],
    ['${!(params.unknown)}', true],
    ["${params.unknown ? 'a' : 'b'}", 'b'],
    ['${steps.skipped.anything}', null],
    ['${errors.weather}', null],
    ['${params.list[?@ > `5`] | [0]}', null],
  ])('%s may miss', (template, expected) => {
    expect(render(template)).toBe(expected);
  });

  it('wraps what an evaluation throws', () => {
    expect(failureOf(() => render({ a: '${abs(params.name)}' }))).toMatchObject({ code: 'template_error' });
  });

  it.each(['${', 'a ${b', "${'}", '${`}', '${{}', '${}', '${ }', '${a b}', '${nosuch()}', '${now+5y}'])(
    '%s cannot be compiled',
    (template) => {
      expect(() => compileTemplate({ a: [template] })).toThrow(TemplateError);
    },
  );

  it('refuses a value without a floor', () => {
    let value: unknown = '${now}';
    for (let depth = 0; depth < 5000; depth++) value = [value];
    expect(() => compileTemplate(value)).toThrow(/nested deeper than 100/);
  });

  it('bounds the text it makes', () => {
    const big = compileTemplate('${params.big}'.repeat(20));
    expect(() => big({ ...context, params: { big: 'x'.repeat(1_000_000) } })).toThrow(/more than 8388608 characters/);
  });
});

describe('properties of templates', () => {
  const text = fc.string({ unit: 'grapheme' });
  const json = fc.jsonValue({ maxDepth: 4 });

  it('a value without ${ renders to itself', () => {
    fc.assert(
      fc.property(json, (value) => {
        fc.pre(!JSON.stringify(value).includes('${'));
        expect(render(value)).toEqual(value);
      }),
    );
  });

  it('any text survives when ${ is escaped', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        fc.pre(!`${before}{`.includes('${') && !before.endsWith('$') && !after.includes('${'));
        expect(render(`${before}$\${${after}`)).toBe(`${before}\${${after}`);
      }),
    );
  });

  it('any JSON value comes back from a whole-string expression', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(compileTemplate('${params.v}')({ ...context, params: { v: value } })).toEqual(value);
      }),
    );
  });

  it('compiling throws nothing but TemplateError, rendering nothing but template_error', () => {
    const pieces = fc.constantFrom(
      '$',
      '{',
      '}',
      '${',
      '}',
      "'",
      '"',
      '`',
      '\\',
      'now',
      '+1h',
      'params',
      '.',
      'name',
      '[',
      ']',
      '?',
      '@',
      '|',
      '&',
      '*',
      '(',
      ')',
      ' ',
      '0',
      'steps',
      'x',
      '\u0000',
      '\ud800',
    );
    const nasty = fc.oneof(
      text,
      fc.array(pieces, { maxLength: 20 }).map((all) => all.join('')),
      fc.array(pieces, { maxLength: 12 }).map((all) => `\${${all.join('')}}`),
    );
    fc.assert(
      fc.property(nasty, (template) => {
        let compiled: ReturnType<typeof compileTemplate>;
        try {
          compiled = compileTemplate(template);
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError);
          return;
        }
        try {
          compiled(context);
        } catch (error) {
          expect(error).toMatchObject({ name: 'RunFailure', code: 'template_error' });
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('conditions', () => {
  const evaluate = (text: string, steps: Record<string, unknown>) =>
    compileCondition(text).evaluate({ ...context, steps });

  it('work as documented, bare and in ${}', () => {
    expect(evaluate('steps.weather.temperature > 25', { weather: { temperature: 26 } })).toBe(true);
    expect(evaluate('steps.weather.temperature > 25', { weather: { temperature: 25 } })).toBe(false);
    expect(evaluate("${steps.approval.status == 'approved'}", { approval: { status: 'approved' } })).toBe(true);
    expect(evaluate(" ${ steps.approval.status == 'approved' } ", { approval: { status: 'denied' } })).toBe(false);
  });

  it('take a missing param for null, a missing step for an error', () => {
    expect(evaluate('params.unknown', {})).toBeNull();
    expect(() => evaluate('steps.unknown', { unknwon: 1 })).toThrow(
      'there is no `steps.unknown`. Did you mean steps.unknwon?',
    );
  });

  it('are one expression', () => {
    expect(() => compileCondition('${now} && ${now}')).toThrow(/one expression/);
    expect(() => compileCondition('${now} == 1')).toThrow(/one expression/);
  });
});
