import { type Operation, operations } from '@ordinaut/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openApiDocument } from '../../src/http/openapi.ts';
import { startServer, type TestServer } from './running-server.ts';

let api: TestServer;
beforeAll(async () => {
  api = await startServer();
});
afterAll(() => api[Symbol.asyncDispose]());

const table = Object.entries<Operation>(operations);
const concrete = (path: string) =>
  path.replace('{name}', 'core.echo').replace(/\{\w+\}/g, '01890000-0000-7000-8000-000000000001');

describe.each(['', '/api/v1'])('under %j', (prefix) => {
  test.each(table)('%s has a route', async (_id, { method, path }) => {
    const options = await fetch(api.url + prefix + concrete(path), { method: 'OPTIONS' });
    expect(options.headers.get('allow')?.split(', ')).toContain(method);
  });
});

test('the table has every route: no path answers a method that is not in it', async () => {
  const fits = (pattern: string, path: string) =>
    new RegExp(`^${pattern.replace(/\{\w+\}/g, '[^/]+')}$`).test(concrete(path));
  for (const path of new Set(table.map(([, operation]) => operation.path))) {
    // A pattern may fit several paths of the table: `/users/{username}` fits `/users/me`.
    const methods = table.filter(([, one]) => fits(one.path, path)).map(([, { method }]) => method);
    const answer = await fetch(api.url + concrete(path), { method: 'OPTIONS' });
    const expected = new Set<string>(['OPTIONS', ...methods, ...(methods.includes('GET') ? ['HEAD'] : [])]);
    expect(new Set(answer.headers.get('allow')?.split(', ')), path).toEqual(expected);
  }
});

test('the OpenAPI document describes the table, no more and no less', async () => {
  const document = (await openApiDocument()) as { paths: Record<string, Record<string, { operationId: string }>> };
  const described = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(described.sort()).toEqual(table.map(([, { method, path }]) => `${method} ${path}`).sort());
});

/** Reads the body, too: an answer that is half read keeps its connection busy. */
async function fetched(path: string): Promise<Response> {
  const response = await fetch(api.url + path);
  await response.arrayBuffer();
  return response;
}

describe('system', () => {
  test('the index says where everything is', async () => {
    const index = (await (await fetch(`${api.url}/`)).json()) as Record<string, string>;
    expect(index).toEqual({
      name: 'Ordinaut',
      version: expect.any(String),
      docs: '/docs',
      openapi: '/openapi.json',
      health: '/health',
    });
    for (const path of [index.docs, index.openapi, index.health]) expect((await fetched(`${path}`)).status).toBe(200);
  });

  test.each(['/api/v1', '/api/v1/', '/api/v1?'])('%s is the index, too', async (path) => {
    const index = await (await fetch(api.url + path)).json();
    expect(index).toMatchObject({ openapi: '/api/v1/openapi.json', health: '/api/v1/health' });
  });

  test('HEAD answers as GET does, without the body', async () => {
    const [get, head] = await Promise.all([fetch(`${api.url}/tools`), fetch(`${api.url}/tools`, { method: 'HEAD' })]);
    expect(head.status).toBe(200);
    expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
    expect(await head.text()).toBe('');
  });

  test('the page and everything it loads come from here', async () => {
    const html = await (await fetch(`${api.url}/docs`)).text();
    const loaded = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? '');
    expect(loaded.length).toBeGreaterThan(4);
    for (const url of loaded) {
      expect(url).toMatch(/^\/docs\//);
      expect((await fetched(url)).status, url).toBe(200);
    }
    expect(html).not.toMatch(/<script>|<style|style="|onload=/);
    expect(await (await fetch(`${api.url}/docs/json`)).json()).toEqual(
      await (await fetch(`${api.url}/openapi.json`)).json(),
    );
  });
});
