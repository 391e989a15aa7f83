import { inspect } from 'node:util';
import { operations as contract, type Operation } from '@ordinaut/contract';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type ClientEvent, OrdinautClient, ValidationError } from '../src/index.ts';
import { checkSchema, heeded, type Schema } from '../src/validation/check-schema.ts';
import { mode } from './support/answers.ts';
import { startProbe } from './support/probe-server.ts';
import { thrownBy } from './support/thrown-by.ts';

const task = {
  title: 'x',
  schedule_kind: 'once',
  schedule_expr: '2030-01-01T00:00:00Z',
  payload: { pipeline: [{ id: 'a', uses: 'core.echo' }] },
} as const;

afterEach(() => vi.restoreAllMocks());

test('a request that does not fit is not sent, and every field is named', async () => {
  await using server = await startProbe((probe) => probe.json(200, mode));
  const client = new OrdinautClient({ baseUrl: server.url });
  const error = await thrownBy(
    client.tasks.create({ ...task, priority: 99, payload: { pipeline: [{ id: 'a b', uses: '' }] } }),
  );
  expect(error).toBeInstanceOf(ValidationError);
  expect(error).toMatchObject({
    of: 'request',
    issues: [
      { field: 'payload.pipeline[0].id', issue: expect.stringContaining('and is "a b"') },
      { field: 'payload.pipeline[0].uses', issue: 'must have 1 characters or more, and is ""' },
      { field: 'priority', issue: 'must be 9 or less, and is 99' },
    ],
  });
  await expect(client.tasks.get('no id')).rejects.toMatchObject({ issues: [{ field: 'id' }] });
  await expect(client.tasks.list({ limit: 1000 })).rejects.toMatchObject({ issues: [{ field: 'limit' }] });
  await expect(client.events.publish(undefined as never)).rejects.toMatchObject({ issues: [{ issue: 'is missing' }] });
  expect(server.requests).toHaveLength(0);
});

test('a secret that does not fit is not shown', async () => {
  const client = new OrdinautClient({ baseUrl: 'http://127.0.0.1:1' });
  const error = await thrownBy(client.users.create({ username: 'bob', password: 'hunter2' }));
  expect(error).toMatchObject({ issues: [{ field: 'password', issue: 'must have 12 characters or more' }] });
  expect(JSON.stringify(error)).not.toContain('hunter2');
});

test('what looks like a credential is shown nowhere, where it does not fit', async () => {
  const secret = 'ordk_abcdefghijklmnop';
  const events: ClientEvent[] = [];
  const observe = (event: ClientEvent) => void (event.type === 'validation' && events.push(event));
  const client = new OrdinautClient({ baseUrl: 'http://127.0.0.1:1', observers: [{ observe }] });
  const error = await thrownBy(client.tasks.get(secret));
  expect(error).toMatchObject({
    of: 'request',
    issues: [{ field: 'id', issue: expect.stringContaining('[redacted]') }],
  });
  expect(events).toHaveLength(1);
  expect(inspect([error, events], { depth: 10 }) + JSON.stringify([error, events])).not.toContain(secret);
});

test('fields that are not known pass, both ways', async () => {
  await using server = await startProbe((probe) => probe.json(200, { ...mode, tomorrow: 1 }));
  const client = new OrdinautClient({ baseUrl: server.url, validation: { responses: 'strict' } });
  expect(await client.system.mode()).toMatchObject({ tomorrow: 1 });
});

test('an answer that does not fit is told to the observers, or once to the console; strictly it is an error', async () => {
  await using server = await startProbe((probe) => probe.json(200, { ...mode, store: 'mongodb' }));
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const quiet = new OrdinautClient({ baseUrl: server.url });
  expect(await quiet.system.mode()).toMatchObject({ store: 'mongodb' });
  await quiet.system.mode();
  expect(warn).toHaveBeenCalledTimes(1);
  expect(warn.mock.calls[0]?.[0]).toContain('store must be');

  const events: ClientEvent[] = [];
  const observe = (event: ClientEvent) => void (event.type === 'validation' && events.push(event));
  const observed = new OrdinautClient({ baseUrl: server.url, observers: [{ observe }] });
  await observed.system.mode();
  expect(events).toMatchObject([{ operation: 'system.mode', of: 'response', issues: [{ field: 'store' }] }]);
  expect(warn).toHaveBeenCalledTimes(1);

  const strict = new OrdinautClient({ baseUrl: server.url, validation: { responses: 'strict' } });
  expect(await thrownBy(strict.system.mode())).toMatchObject({
    of: 'response',
    status: 200,
    issues: [{ field: 'store' }],
  });

  const off = new OrdinautClient({ baseUrl: server.url, validation: { requests: 'off', responses: 'off' } });
  await off.tasks.get('anything').catch(() => undefined);
  expect(server.requests.at(-1)?.path).toBe('/tasks/anything');
});

test.each(['', '.', '..', null, undefined, {}])(
  'the parameter %s leads to no other path, even unchecked',
  async (id) => {
    await using server = await startProbe((probe) => probe.json(200, mode));
    const client = new OrdinautClient({ baseUrl: server.url, validation: { requests: 'off' } });
    await expect(client.tasks.get(id as string)).rejects.toMatchObject({ kind: 'configuration' });
    expect(server.requests).toHaveLength(0);
  },
);

test('a parameter is one segment of the path, whatever it holds', async () => {
  await using server = await startProbe((probe) => probe.json(200, {}));
  const client = new OrdinautClient({ baseUrl: server.url, validation: { requests: 'off', responses: 'off' } });
  await client.tools.get('../users?x=1#y');
  expect(server.requests[0]?.path).toBe('/tools/..%2Fusers%3Fx%3D1%23y');
});

describe('the schemas of the contract', () => {
  const schemas = Object.entries<Operation>(contract).flatMap(([id, { params, query, body, success }]) =>
    [params, query, body, success.schema].flatMap((schema) =>
      schema === undefined ? [] : [[id, schema as Schema] as const],
    ),
  );

  test('use no keyword that is passed over', () => {
    const silent = ['description', 'default', 'additionalProperties', 'writeOnly', '$id'];
    const found = new Set<string>();
    const walk = (schema: Schema): void => {
      for (const keyword of Object.keys(schema)) found.add(keyword);
      for (const part of Object.values({ ...schema.properties, ...schema.patternProperties })) walk(part);
      for (const part of schema.anyOf ?? []) walk(part);
      if (schema.items !== undefined) walk(schema.items);
    };
    for (const [, schema] of schemas) walk(schema);
    expect(
      [...found].filter((keyword) => !(heeded as readonly string[]).includes(keyword) && !silent.includes(keyword)),
    ).toEqual([]);
    expect(found.size).toBeGreaterThan(15);
  });

  test('are judged as a validator of the field judges them', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const withoutFormats = JSON.parse(JSON.stringify(schemas), (key, value) =>
      key === 'format' || key === 'additionalProperties' || key === '$id' ? undefined : value,
    ) as [string, Schema][];
    let accepted = 0;
    for (const [id, schema] of withoutFormats) {
      const isValid = ajv.compile(schema);
      fc.assert(
        fc.property(
          someOf(schema),
          fc.integer({ min: 0, max: 5 }),
          fc.anything({ maxDepth: 1 }),
          (value, chance, other) => {
            const tried = chance === 0 ? JSON.parse(JSON.stringify(other ?? null)) : JSON.parse(JSON.stringify(value));
            const expected = isValid(tried);
            if (expected) accepted += 1;
            expect([id, tried, checkSchema(schema, tried).length === 0]).toEqual([id, tried, expected]);
          },
        ),
        { numRuns: 40 },
      );
    }
    expect(accepted).toBeGreaterThan(500);
  });
});

/** Values that mostly fit a schema. */
function someOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(someOf));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum, 'something else');
  if (schema.const !== undefined) return fc.constant(schema.const);
  switch (schema.type) {
    case 'string':
      return fc.oneof(
        fc.string({ minLength: schema.minLength ?? 0, maxLength: Math.min((schema.maxLength ?? 20) + 1, 40) }),
        schema.pattern === undefined ? fc.constant('a') : fc.stringMatching(new RegExp(schema.pattern)),
      );
    case 'integer':
    case 'number':
      return fc.integer({ min: (schema.minimum ?? 0) - 1, max: Math.min((schema.maximum ?? 100) + 1, 1e9) });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(someOf(schema.items ?? {}), { maxLength: 3, minLength: schema.minItems ?? 0 });
    case 'object': {
      const fields = Object.entries(schema.properties ?? {}).map(([name, part]) => [name, someOf(part)] as const);
      return fc.record(Object.fromEntries(fields), { requiredKeys: [...(schema.required ?? [])] });
    }
    default:
      return fc.jsonValue({ maxDepth: 1 });
  }
}
