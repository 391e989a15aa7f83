import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { capabilities, Manifest } from '@ordinaut/kit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isPlainSchema } from '../../src/extensions/manifest/is-plain-schema.ts';
import { readManifest } from '../../src/extensions/manifest/manifest.ts';
import { surelyFits } from '../../src/extensions/manifest/surely-fits.ts';
import { compileCheck } from '../../src/kernel/schema.ts';
import { makeFolder, manifest } from './folders.ts';

/** Reads a manifest whose folder has a module; a problem comes without the folder. */
async function read(content: unknown, files: Record<string, unknown> = {}) {
  await using folder = await makeFolder({ 'extension.ts': '', 'extension.json': content, ...files });
  const result = await readManifest(join(folder.path, 'extension.json'));
  return result.ok ? result : { ...result, problem: result.problem.replaceAll(`${folder.path}/`, '') };
}
const problemsOf = async (content: unknown, files: Record<string, unknown> = {}) => {
  const result = await read(content, files);
  return result.ok ? [] : result.problem.split('\n');
};
const tool = (name: string, more: object = {}) => ({
  name,
  description: 'x',
  inputSchema: { type: 'object' },
  ...more,
});

test('the smallest manifest gets every default', async () => {
  expect(await read(manifest('weather'))).toEqual({
    ok: true,
    manifest: {
      id: 'weather',
      name: 'weather',
      version: '1.0.0',
      apiVersion: 1,
      description: '',
      module: 'extension.ts',
      enabled: true,
      eager: false,
      grants: [],
      requested: [],
      reasons: {},
      contributes: { tools: [], events: { publish: [], subscribe: [] }, static: [] },
      config: null,
      limits: { concurrency: 64, requestTimeoutMs: 30_000 },
    },
  });
});

test('a full manifest, with comments, a byte order mark and trailing commas', async () => {
  const text = `\uFEFF// the weather
  {
    "id": "weather", "name": "Weather", "version": "1.2.0", "apiVersion": 1, "module": "lib/main.js",
    "grants": { "TOOLS": { "reason": "a forecast" }, "EVENTS_SUB": {}, "STATIC": {}, }, /* why */
    "contributes": {
      "tools": [{ "name": "forecast", "description": "Tells", "inputSchema": {}, "annotations": { "readOnly": true } }],
      "events": { "subscribe": ["run.*"] },
      "static": [{ "dir": "static" }],
    },
    "limits": { "concurrency": 2 }, "somethingElse": true,
  }`;
  const result = await read(text, { 'lib/main.js': '', 'static/index.html': '' });
  expect(result).toMatchObject({
    ok: true,
    manifest: {
      module: 'lib/main.js',
      grants: ['TOOLS', 'EVENTS_SUB', 'STATIC'],
      reasons: { TOOLS: 'a forecast' },
      contributes: {
        tools: [
          {
            annotations: { readOnly: true, destructive: false, idempotent: false, openWorld: true },
            outputSchema: null,
            scopes: [],
            timeoutMs: null,
          },
        ],
        static: [{ dir: 'static', at: '/' }],
      },
      limits: { concurrency: 2, requestTimeoutMs: 30_000 },
    },
  });
});

test('every problem is told at its place, with the field, the value and the way out', async () => {
  const text = `{
  "id": "my weather",
  "apiVersion": 2,
  "grants": ["ROUTES", "TOOL"],
  "contributes": {
    "tools": [{ "name": "a b", "description": "" }]
  },
  "limits": { "concurrency": 0 }
}`;
  expect(await problemsOf(text)).toEqual([
    'extension.json:1:1 - version is required',
    'extension.json:2:9 - id is "my weather"; it must be made of letters, digits, - and _',
    'extension.json:3:17 - apiVersion is 2; allowed: 1',
    expect.stringMatching(/^extension\.json:4:24 - grants\[1\] is "TOOL"; allowed: ROUTES, .*\. Did you mean TOOLS\?$/),
    'extension.json:6:15 - contributes.tools[0].inputSchema is required',
    'extension.json:6:25 - contributes.tools[0].name is "a b"; it must be made of letters, digits, _, . and -',
    'extension.json:6:47 - contributes.tools[0].description is ""; it must have at least 1 character',
    'extension.json:8:30 - limits.concurrency is 0; it must be >= 1',
  ]);
});

test.each([
  ['grants of no kind', { grants: 'ROUTES' }, ['grants is "ROUTES"; it must be an array or an object']],
  [
    'an unknown capability with a reason',
    { grants: { ROUTE: {} } },
    ['grants.ROUTE is not a known field. Did you mean ROUTES?'],
  ],
  ['a path out of the folder', { module: '../x.ts' }, ['module is "../x.ts"; it must be a path inside the folder']],
  ['a missing module', { module: 'main.ts' }, ['module is "main.ts", but there is no file main.ts; write']],
  ['the default module that is missing', { module: undefined, extension: 1 }, []],
  ['an id of the server', { id: 'status' }, ['id is "status", which the server keeps for itself']],
  [
    'contributions without their capability',
    {
      contributes: {
        tools: [tool('a')],
        events: { publish: ['a'], subscribe: ['b'] },
        static: [{ dir: '.' }],
      },
    },
    [
      'contributes.tools needs TOOLS',
      'contributes.events.publish needs EVENTS_PUB',
      'contributes.events.subscribe needs EVENTS_SUB',
      'contributes.static needs STATIC',
    ],
  ],
  [
    'tools of one name',
    { grants: ['TOOLS'], contributes: { tools: [tool('a'), tool('a')] } },
    ['contributes.tools[1].name is "a", as that of contributes.tools[0]'],
  ],
  [
    'schemas that are none',
    {
      grants: ['TOOLS'],
      config: { properties: { a: { minimum: 'x' } } },
      contributes: { tools: [tool('a', { inputSchema: { type: 'objekt' }, outputSchema: { $ref: '#/$defs/x' } })] },
    },
    [
      'contributes.tools[0].inputSchema is not a valid JSON Schema (draft 2020-12): /type must be',
      "contributes.tools[0].outputSchema is not a valid JSON Schema (draft 2020-12): can't resolve reference #/$defs/x",
      'config is not a valid JSON Schema (draft 2020-12): /properties/a/minimum must be number',
    ],
  ],
  [
    'a pattern of topics',
    { grants: ['EVENTS_SUB'], contributes: { events: { subscribe: ['run.a**', 'a..b'] } } },
    ['contributes.events.subscribe[1] is "a..b"; it must be names joined'],
  ],
  [
    'a pattern with ** inside a name',
    { grants: ['EVENTS_SUB'], contributes: { events: { subscribe: ['run.a**'] } } },
    ['contributes.events.subscribe[0]: `run.a**` has `**` inside'],
  ],
  [
    'folders that are not there, and two at one place',
    { grants: ['STATIC'], contributes: { static: [{ dir: 'none', at: '/n' }, { dir: 'a' }, { dir: 'a' }] } },
    [
      'contributes.static[0].dir is "none", but there is no folder none',
      'contributes.static[2].at is "/", as that of contributes.static[1]',
    ],
  ],
])('%s', async (_, more, expected) => {
  const problems = await problemsOf(manifest('weather', more), { 'a/index.html': '' });
  expect(problems.map((problem) => problem.replace(/^extension\.json:\d+:\d+ - /, '')).sort()).toEqual(
    [...expected].sort().map((start) => expect.stringContaining(start)),
  );
});

test('a static folder whose link leads out is refused', async () => {
  await using outside = await makeFolder({ 'secret.txt': '' });
  await using folder = await makeFolder({
    'extension.ts': '',
    'extension.json': manifest('x', { grants: ['STATIC'], contributes: { static: [{ dir: 'out' }] } }),
  });
  await symlink(outside.path, join(folder.path, 'out'));
  const result = await readManifest(join(folder.path, 'extension.json'));
  expect(result).toMatchObject({ ok: false, problem: expect.stringContaining('leads out of the folder') });
});

test.each([
  ['', ['extension.json:1:1 - this is not valid JSON: a value is missing at the end of the file.']],
  [
    '{\n  "id": "weather"\n  "version": 1\n}',
    ['extension.json:3:3 - this is not valid JSON: a comma is missing before this, at "\\"version\\"".'],
  ],
  ['[]', ['extension.json:1:1 - The manifest is an array; it must be an object with id, version, apiVersion']],
])('no JSON: %j', async (text, expected) => {
  expect(await problemsOf(text)).toEqual(expected);
});

test('the id is told even of a manifest with problems, and only where it is one', async () => {
  expect(await read('{"id": "weather", oops')).toMatchObject({ ok: false, id: 'weather' });
  expect(await read(manifest('a/b'))).toMatchObject({ ok: false, id: null });
  expect(await readManifest('/does/not/exist.json')).toMatchObject({ ok: false, id: null });
});

test('the quick check never accepts what Ajv refuses', () => {
  const check = compileCheck(Manifest);
  const short = fc.string({ unit: 'binary', maxLength: 3 });
  const value = fc.oneof(
    short,
    fc.integer({ min: -1, max: 20_000 }),
    fc.boolean(),
    fc.constant(null),
    fc.constant([]),
    fc.constant({}),
  );
  const or = <T>(right: fc.Arbitrary<T>) => fc.oneof({ weight: 30, arbitrary: right }, { weight: 1, arbitrary: value });
  const manifests = fc.record(
    {
      id: or(fc.stringMatching(/^[a-z_-]{1,5}$/)),
      name: or(short),
      version: or(fc.constant('1')),
      apiVersion: or(fc.constant(1)),
      module: or(fc.constantFrom('a.ts', '/a', '../a', 'a/../b', 'a/..', 'a..b')),
      enabled: or(fc.boolean()),
      grants: or(
        fc.oneof(
          fc.array(or(fc.constantFrom(...capabilities))),
          fc.dictionary(or(fc.constantFrom(...capabilities)).map(String), or(fc.record({ reason: or(short) }))),
        ),
      ),
      contributes: or(
        fc.record(
          {
            tools: or(
              fc.array(
                or(
                  fc.record(
                    {
                      name: or(fc.constant('a')),
                      description: or(short),
                      inputSchema: or(fc.constant({})),
                      annotations: or(fc.dictionary(fc.constantFrom('readOnly', 'x'), or(fc.boolean()))),
                      timeoutMs: or(fc.integer()),
                    },
                    { requiredKeys: ['name'] },
                  ),
                ),
              ),
            ),
            events: or(fc.record({ publish: or(fc.array(or(fc.constantFrom('a.b', 'a..b', 'a b')))) })),
            static: or(
              fc.array(
                or(
                  fc.record(
                    { dir: or(fc.constant('a')), at: or(fc.constantFrom('/', 'a')) },
                    { requiredKeys: ['dir'] },
                  ),
                ),
              ),
            ),
          },
          { requiredKeys: [] },
        ),
      ),
      limits: or(fc.record({ concurrency: or(fc.integer({ min: 0, max: 10_001 })) })),
    },
    { requiredKeys: ['id', 'version', 'apiVersion'] },
  );
  let fitted = 0;
  fc.assert(
    fc.property(manifests, (one) => {
      const fits = check(one).length === 0;
      if (fits) fitted++;
      expect(surelyFits(Manifest, one)).toBe(fits);
    }),
    { numRuns: 2000 },
  );
  expect(fitted).toBeGreaterThan(20);
});

test('the quick check of schemas never accepts what Ajv refuses', () => {
  const { schema } = fc.letrec((tie) => ({
    schema: fc.oneof(
      { maxDepth: 3 },
      fc.boolean(),
      fc.record(
        {
          type: fc.constantFrom('object', 'string', 'text', ['string', 'null'], ['string', 'string'], []),
          properties: fc.oneof(fc.dictionary(fc.constantFrom('a', 'b'), tie('schema')), fc.constant([])),
          required: fc.constantFrom(['a'], ['a', 'a'], 'a', []),
          items: tie('schema'),
          anyOf: fc.oneof(fc.array(tie('schema'), { maxLength: 2 }), fc.constant({})),
          enum: fc.constantFrom([1, 2], [], [1, 1], 'a'),
          minLength: fc.constantFrom(0, 1, -1, 1.5, '1'),
          multipleOf: fc.constantFrom(1, 0, -1),
          pattern: fc.constantFrom('a', '(', '\\p{L}'),
          format: fc.constantFrom('date', 'uuid', 'nonsense', 1),
          $defs: fc.oneof(fc.dictionary(fc.constantFrom('a', 'b'), tie('schema'))),
          $ref: fc.constantFrom('#/$defs/a', '#', '#/$defs/c', 1),
          description: fc.constantFrom('x', 1),
          secret: fc.boolean(),
        },
        { requiredKeys: [] },
      ),
    ),
  }));
  const isValid = (one: unknown) => {
    try {
      compileCheck(one as object);
      return true;
    } catch {
      return false;
    }
  };
  let plain = 0;
  fc.assert(
    fc.property(schema, (one) => {
      const whole = { $defs: { a: true }, items: one };
      if (!isPlainSchema(whole)) return;
      plain++;
      expect(isValid(whole)).toBe(true);
    }),
    { numRuns: 2000 },
  );
  expect(plain).toBeGreaterThan(100);
});
