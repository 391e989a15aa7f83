import * as contract from '@ordinaut/contract';
import { expect, expectTypeOf, test } from 'vitest';
import type * as models from '../src/generated/models.ts';
import { OrdinautClient, operations } from '../src/index.ts';
import { type OperationEntry, placeOf } from '../src/operation-entry.ts';
import { startProbe } from './support/probe-server.ts';

const table = Object.entries<OperationEntry>(operations);
const client = new OrdinautClient({ baseUrl: 'http://127.0.0.1:1', validation: { requests: 'off', responses: 'off' } });

/** Methods that are more than one operation. */
const more = ['events.subscribe', 'runs.wait'];

/** Every method of every resource of a client. */
const methodsOf = (one: OrdinautClient): string[] =>
  Object.entries(one).flatMap(([resource, methods]) =>
    typeof methods === 'object' ? Object.keys(methods).map((method) => `${resource}.${method}`) : [],
  );

test('every operation of the contract is in the table, and nothing else', () => {
  expect(Object.keys(operations)).toEqual(Object.keys(contract.operations));
  for (const [id, { method, path, repeat, open, stream }] of table) {
    const known: contract.Operation | undefined = contract.operations[id as contract.OperationId];
    expect({ method, path, repeat, open: open ?? false, stream: stream ?? false }).toEqual({
      method: known.method,
      path: known.path,
      repeat: known.repeat,
      open: known.access === 'public',
      stream: known.stream ?? false,
    });
  }
});

test('every operation is a method of the client, and every method an operation or named here', () => {
  const places = table.map(([id, entry]) => placeOf(id, entry));
  expect(new Set(places).size).toBe(places.length);
  expect(methodsOf(client).filter((place) => !places.includes(place) && !more.includes(place))).toEqual([]);
  expect(places.filter((place) => !methodsOf(client).includes(place))).toEqual([]);
});

test('every method sends its operation', async () => {
  await using server = await startProbe((probe) => probe.fail(404, 'not_found'));
  const here = new OrdinautClient({ baseUrl: server.url, validation: { requests: 'off', responses: 'off' } });
  const id = '01a215be-1ebd-72a9-8da7-9c88c49b7842';
  for (const [name, entry] of table) {
    const [resource = '', method = ''] = placeOf(name, entry).split('.');
    const call: (...given: unknown[]) => unknown = Reflect.get(Reflect.get(here, resource), method);
    const parameters = [...entry.path.matchAll(/\{\w+\}/g)].map(() => id);
    const result = call(
      ...parameters,
      ...(entry.body ? [{ sent: name }] : []),
      ...(entry.query ? [{ asked: name }] : []),
    );
    const error = await (entry.stream ? firstOf(result as AsyncIterable<unknown>) : (result as Promise<unknown>)).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    expect(error, name).toMatchObject({ status: 404, operation: name });
    const sent = server.requests.at(-1);
    expect(sent?.method, name).toBe(entry.method);
    const query = entry.query ? `?asked=${name}` : '';
    expect(sent?.path, name).toBe(entry.path.replace(/\{\w+\}/g, id) + query);
    expect(sent?.body, name).toBe(entry.body ? JSON.stringify({ sent: name }) : '');
    expect('idempotency-key' in (sent?.headers ?? {}), name).toBe(entry.repeat === 'keyed');
  }
});

async function firstOf(stream: AsyncIterable<unknown>): Promise<unknown> {
  for await (const item of stream) return item;
  return undefined;
}

test('what is undefined may be given, and is as if it were left out', async () => {
  await using server = await startProbe((probe) =>
    probe.json(200, { items: [], total: 0, limit: 1, offset: 0, has_more: false, next_cursor: null }),
  );
  const client = new OrdinautClient({
    baseUrl: server.url,
    validation: { requests: undefined, responses: undefined },
    timeouts: { read: undefined, 'tasks.list': { timeoutMs: undefined, attemptTimeoutMs: 5_000 } },
  });
  await client.tasks.list({ limit: 1, cursor: undefined }, { timeoutMs: undefined });
  expect(server.requests[0]?.path).toBe('/tasks?limit=1');
});

test('what goes in and out has the types of the contract', () => {
  expectTypeOf<models.Task>().toEqualTypeOf<contract.Task>();
  expectTypeOf<models.TaskInput>().toEqualTypeOf<contract.TaskInput>();
  expectTypeOf<models.TaskPatch>().toEqualTypeOf<contract.TaskPatch>();
  expectTypeOf<models.Run>().toEqualTypeOf<contract.Run>();
  // Indicators may have more fields than the contract names.
  expectTypeOf<models.Alert>().toExtend<contract.Alert>();
  expectTypeOf<models.User>().toEqualTypeOf<contract.User>();
  expectTypeOf<models.TokenAnswer>().toEqualTypeOf<contract.TokenAnswer>();
  expectTypeOf<models.ExtensionsStatus>().toEqualTypeOf<contract.ExtensionsStatus>();
  expectTypeOf<models.EventPublicationInput>().toEqualTypeOf<contract.EventPublicationInput>();
  expectTypeOf(client.tasks.create).parameter(0).toEqualTypeOf<contract.TaskInput>();
  expectTypeOf(client.tasks.get).returns.resolves.toEqualTypeOf<contract.Task>();
  expectTypeOf(client.tasks.list).returns.resolves.toExtend<contract.Page<contract.Task>>();
  expectTypeOf(client.tasks.latestRun).returns.resolves.toEqualTypeOf<contract.Run | null>();
  expectTypeOf(client.runs.wait)
    .returns.resolves.toHaveProperty('status')
    .toEqualTypeOf<'succeeded' | 'failed' | 'canceled'>();
});
