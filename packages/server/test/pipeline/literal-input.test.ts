import { ApprovalRequest } from '@ordinaut/contract';
import { describe, expect, test } from 'vitest';
import { compileCheck } from '../../src/kernel/schema.ts';
import { checkPipeline } from '../../src/pipeline/check.ts';
import { literalIssues } from '../../src/pipeline/literal-input.ts';
import { ToolRegistry } from '../../src/tools/registry.ts';
import { toolOf } from '../tools/test-tools.ts';

const issuesIn = (schema: object, input: Record<string, unknown>) =>
  literalIssues(input, { schema, check: compileCheck(schema) }).map(({ field }) => field);

const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });

describe('what is certainly wrong with an input', () => {
  test('is every literal that does not fit', () => {
    expect(issuesIn(ApprovalRequest, { titel: 'go?', expires_in_seconds: 0 }).sort()).toEqual([
      'expires_in_seconds',
      'titel',
      'title',
    ]);
    expect(issuesIn(ApprovalRequest, { title: 'go?', expires_in_seconds: 1 })).toEqual([]);
  });

  test('is a literal beside an unknown, and a field that does not exist with whatever value', () => {
    expect(issuesIn(ApprovalRequest, { title: '${params.x}', approvers: ['${params.y}', 3] })).toEqual([
      'approvers[1]',
    ]);
    expect(issuesIn(ApprovalRequest, { titel: '${params.x}' }).sort()).toEqual(['titel', 'title']);
    const nested = object({ list: { type: 'array', items: object({ a: { type: 'integer' } }, { required: ['b'] }) } });
    expect(issuesIn(nested, { list: [{ a: '${x}' }], other: '${x}' })).toEqual([]);
    const closed = object({
      list: { type: 'array', items: object({ a: {}, b: {} }, { required: ['b'], additionalProperties: false }) },
    });
    expect(issuesIn(closed, { list: [{ a: '${x}' }, { b: 1, c: '${x}' }] }).sort()).toEqual(['list[0].b', 'list[1].c']);
  });

  test.each<[string, object, Record<string, unknown>]>([
    ['an unknown of another type', ApprovalRequest, { title: 'a', expires_in_seconds: '${params.seconds}' }],
    ['a text that is short before it is rendered', object({ a: { minLength: 9 } }), { a: '${b}' }],
    ['unknowns that are alike', object({ a: { type: 'array', uniqueItems: true } }), { a: ['${b}', '${b}'] }],
    [
      'a choice that an unknown makes',
      { anyOf: [object({ k: { const: 'a' } }, { required: ['x'] }), object({ k: { const: 'b' } })] },
      { k: '${kind}' },
    ],
    [
      'what is needed for an unknown',
      object({}, { if: object({ k: { const: 1 } }), else: { required: ['x'] } }),
      { k: '${k}' },
    ],
    [
      'a pattern of names',
      { patternProperties: { '^a': { type: 'integer' } }, additionalProperties: false },
      { a: '${b}' },
    ],
    ['an enum', object({ a: { enum: [{ b: 1 }] } }), { a: { b: '${b}' } }],
    ['a name with a dot', object({ x: {} }, { additionalProperties: { type: 'integer' } }), { 'x.y': '${b}' }],
  ])('is not %s', (_, schema, input) => expect(issuesIn(schema, input)).toEqual([]));
});

describe('a pipeline', () => {
  const registry = new ToolRegistry();
  const strict = {
    inputSchema: object({ seconds: { type: 'number' } }, { required: ['seconds'], additionalProperties: false }),
  };
  registry.register(toolOf('own', async () => null, strict));
  registry.register(toolOf('foreign', async () => null, { ...strict, source: 'ext.foreign' }));
  const check = (uses: string, input?: Record<string, unknown>) =>
    checkPipeline(
      { pipeline: [{ id: 'a', uses, ...(input && { with: input }) }] },
      {
        hasTool: (name) => registry.has(name),
        nearestTools: () => [],
        inputOf: (name) => registry.lastingInput(name),
        allowUnknownTools: true,
      },
    );

  test('names the field, the value and the way out', () => {
    expect(check('own', { seconds: 'ten', secnds: 1 })).toEqual([
      { field: 'payload.pipeline[0].with.secnds', issue: 'is not a known field. Did you mean seconds?' },
      { field: 'payload.pipeline[0].with.seconds', issue: expect.stringContaining('is "ten"; it must be') },
    ]);
    expect(check('own')).toEqual([{ field: 'payload.pipeline[0].with.seconds', issue: 'is required' }]);
    expect(check('own', { seconds: '${params.s}' })).toEqual([]);
  });

  test('is not held against tools that may change or come later', () => {
    expect(check('foreign', { seconds: 'ten' })).toEqual([]);
    expect(check('later', { seconds: 'ten' })).toEqual([]);
  });
});
