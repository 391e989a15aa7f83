import type { Step } from '@ordinaut/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPipeline } from '../../src/pipeline/check.ts';
import { compilePipeline } from '../../src/pipeline/compile.ts';
import { echo } from '../../src/tools/builtin/echo.ts';
import { ToolRegistry } from '../../src/tools/registry.ts';
import { toolOf } from '../tools/test-tools.ts';

const registry = new ToolRegistry();
registry.register(echo);
registry.register(toolOf('core.sleep', async () => null));

const check = (pipeline: Step[], allowUnknownTools = false) =>
  checkPipeline(
    { pipeline },
    {
      hasTool: (name) => registry.has(name),
      nearestTools: (name) => registry.nearest(name),
      inputOf: (name) => registry.lastingInput(name),
      allowUnknownTools,
    },
  );
const step = (id: string, more: Partial<Step> = {}): Step => ({ id, uses: 'core.echo', ...more });

describe('checking a pipeline', () => {
  it('finds nothing wrong with a good one', () => {
    const good = [
      step('fetch', { with: { at: '${now-1h}', who: '${params.anybody}' }, save_as: 'weather' }),
      step('each', { for_each: '${steps.weather.list}', with: { item: '${item.name} ${index}' }, max_parallel: 2 }),
      step('fetch-all', { if: "steps.fetch.temperature > 25 && run.trigger == 'manual'", max_parallel: 3 }),
      step('last', {
        if: '!(errors.each)',
        with: { a: '${steps."fetch-all".x}', b: ['${steps.each[?temperature > `3`]}'] },
      }),
    ];
    expect(check(good)).toEqual([]);
    expect(() => compilePipeline({ pipeline: good })).not.toThrow();
  });

  it('reports everything at once, with paths', () => {
    const issues = check([
      step('a', { uses: 'core.ecko', with: { text: 'x ${', list: [{ deep: '${b c}' }] } }),
      step('a', { if: 'x >', save_as: 'b' }),
      step('b', { for_each: 'length(', with: { at: '${steps.later.x}', no: '${steps.nothing}' } }),
      step('later', { with: { a: '${item}', b: '${temperature}' }, save_as: 'a' }),
      step('wait', { uses: 'core.sleep', for_each: 'params.list' }),
    ]);
    expect(issues.map(({ field }) => field).sort()).toEqual(
      [
        'payload.pipeline[0].uses',
        'payload.pipeline[0].with.text',
        'payload.pipeline[0].with.list[0].deep',
        'payload.pipeline[1].id',
        'payload.pipeline[1].if',
        'payload.pipeline[2].id',
        'payload.pipeline[2].for_each',
        'payload.pipeline[2].with.at',
        'payload.pipeline[2].with.no',
        'payload.pipeline[3].with.a',
        'payload.pipeline[3].with.b',
        'payload.pipeline[3].save_as',
        'payload.pipeline[4].for_each',
      ].sort(),
    );
    const sentence = (field: string) => issues.find((issue) => issue.field === `payload.pipeline${field}`)?.issue;
    expect(sentence('[0].uses')).toBe('is "core.ecko"; no tool has this name. Did you mean core.echo?');
    expect(sentence('[0].with.text')).toContain('position 3');
    expect(sentence('[1].id')).toBe('"a" is a name of step 1 already; ids and save_as have to be unique');
    expect(sentence('[2].with.no')).toBe('`steps.nothing`: there is no `steps.nothing`.');
    expect(sentence('[3].with.b')).toContain('there is no `temperature` here');
  });

  it('tells a text in double quotes from one in single quotes', () => {
    expect(check([step('a', { if: 'params.level == "high"' })])[0]?.issue).toMatch(
      /no `high` here.* In double quotes it is the name of a field; a text stands in single quotes: 'high'\.$/,
    );
  });

  it('tells a later step from the step itself', () => {
    const [later, itself] = check([step('a', { with: { x: '${steps.b.c}' }, if: 'steps.a' }), step('b')])
      .sort((a, b) => (a.field > b.field ? -1 : 1))
      .map(({ issue }) => issue);
    expect(later).toBe('`steps.b.c`: `b` is step 2, which comes later; a step sees the steps before it');
    expect(itself).toBe('`steps.a`: `a` is this step itself; a step sees the steps before it');
  });

  it.each([
    "steps.wether || 'x'",
    'not_null(steps.wether, `1`)',
    '$.steps.wether',
    'steps | wether',
    'length(steps.wether.list)',
    'params.list[?$.steps.wether]',
    '{a: [steps.wether]}',
    'let $x = steps.wether in $x',
    'steps.weather ? steps.wether : `1`',
  ])('is certain about the step in %s', (expression) => {
    const issues = check([step('weather'), step('b', { if: expression })]);
    expect(issues.map(({ issue }) => issue).join()).toContain('`steps.wether`. Did you mean steps.weather?');
  });

  it.each([
    'steps.*.wether',
    'steps[?wether]',
    'params.steps.wether',
    'keys(steps)',
    'map(&wether, params.list)',
    "'steps.wether'",
  ])('says nothing about %s, which may be right', (expression) => {
    expect(check([step('weather'), step('b', { if: expression })])).toEqual([]);
  });

  it('lets unknown tools pass on request', () => {
    expect(check([step('a', { uses: 'ext.later' })], true)).toEqual([]);
    expect(check([step('a', { uses: 'ext.later' })])).toHaveLength(1);
  });

  it('agrees with the compiler about any text', () => {
    const piece = fc.constantFrom(
      '${',
      '}',
      'now',
      'params.a',
      ' || ',
      "'x'",
      '`1`',
      '{a: now}',
      '[0]',
      '"',
      "'",
      'steps',
      '(',
      ')',
      '!',
    );
    const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(text, text, (template, condition) => {
        fc.pre(condition !== '');
        const pipeline = [step('a', { with: { template }, if: condition })];
        const issues = check(pipeline);
        const compile = () => compilePipeline({ pipeline });
        if (issues.length === 0) expect(compile).not.toThrow();
        try {
          compile();
        } catch (error) {
          expect(error).toMatchObject({ name: 'RunFailure', stepId: 'a' });
          expect(issues.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
