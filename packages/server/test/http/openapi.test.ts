import { readFile } from 'node:fs/promises';
import { ErrorBody, httpErrors, type Operation, operations } from '@ordinaut/contract';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { openApiDocument } from '../../src/http/openapi.ts';

interface Described {
  operationId: string;
  parameters?: { in: string; name: string; required: boolean }[];
  requestBody?: { required: boolean };
  responses: Record<string, { content: Record<string, { schema: unknown }> }>;
}
const document = (await openApiDocument()) as {
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, unknown> };
};
const all = Object.entries<Operation>(operations).map(([id, operation]) => ({
  id,
  operation,
  described: document.paths[operation.path]?.[operation.method.toLowerCase()],
}));

test('it is a valid OpenAPI 3.1 document', async () => {
  const validator = new Validator();
  const result = await validator.validate(structuredClone(document));
  expect(result.errors).toBeUndefined();
  expect(result.valid).toBe(true);
  expect(validator.version).toBe('3.1');
});

test('the committed copy is this document', async () => {
  const copy = await readFile(new URL('../../../../docs/reference/openapi.json', import.meta.url), 'utf8');
  expect(JSON.parse(copy)).toEqual(JSON.parse(JSON.stringify(document)));
});

test('every operation has an id of its own, its success and its errors', () => {
  expect(new Set(all.map(({ described }) => described?.operationId)).size).toBe(all.length);
  for (const { id, operation, described } of all) {
    const statuses = Object.keys(described?.responses ?? {});
    expect(statuses, id).toContain(String(operation.success.status));
    if (operation.alsoSuccess !== undefined) expect(statuses, id).toContain(String(operation.alsoSuccess.status));
    expect(
      statuses.filter((one) => Number(one) < 400),
      id,
    ).toHaveLength(operation.alsoSuccess === undefined ? 1 : 2);
    for (const code of operation.errors) expect(statuses, id).toContain(String(httpErrors[code].status));
    for (const status of statuses.filter((one) => Number(one) >= 400)) {
      expect(described?.responses[status]?.content['application/json']?.schema).toEqual({
        $ref: '#/components/schemas/Error',
      });
    }
  }
  expect(Object.keys(document.components.schemas)).toEqual(['Error']);
  expect(document.components.schemas.Error).toMatchObject({ required: Object.keys(ErrorBody.properties) });
});

test('keyed operations and no others take an Idempotency-Key; optional bodies are optional', () => {
  for (const { id, operation, described } of all) {
    const hasKey = described?.parameters?.some(
      ({ in: where, name }) => where === 'header' && name === 'Idempotency-Key',
    );
    expect(hasKey ?? false, id).toBe(operation.repeat === 'keyed');
    expect(described?.requestBody?.required, id).toBe(operation.body ? operation.bodyOptional !== true : undefined);
  }
});

test('streams take a Last-Event-ID, and requests to handlers the headers about their events', () => {
  const headersOf = (described: Described | undefined) =>
    (described?.parameters ?? []).filter((one) => one.in === 'header').map(({ name, required }) => [name, required]);
  for (const { id, operation, described } of all)
    if (operation.stream) expect(headersOf(described), id).toEqual([['Last-Event-ID', false]]);
  const names = ['Idempotency-Key', 'Luna-Event-Time', 'Luna-Event-End-Time', 'Luna-Account-Id', 'Luna-Request-Id'];
  for (const path of ['/handlers/{id}/events', '/handlers/{id}/events/raw'])
    expect(headersOf(document.paths[path]?.post)).toEqual(names.map((name) => [name, false]));
});
