import type { ExtensionConfig } from '@ordinaut/contract';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ExtensionFolder, extensionFolder, setup } from '../../test/support/extensions.ts';
import { Asker } from '../support/asker.ts';
import { type AttackedServer, startAttacked } from '../support/attacked-server.ts';
import { faultsOf } from '../support/error-answer.ts';
import { Tally } from '../support/tally.ts';

/** Ways to the prototype of every object, as JSON. */
const poisons = [
  '{"__proto__":{"admin":true}}',
  '{"\\u005f\\u005fproto\\u005f\\u005f":{"admin":true}}',
  '{"__proto__":null}',
  '{"__proto__":[]}',
  '{"constructor":{"prototype":{"admin":true}}}',
  '{"constructor":{"\\u0070rototype":{"admin":true}}}',
];
/** Names that every object has without having them. */
const inherited = ['constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__', 'toJSON'];
const queries = [
  '__proto__=1',
  '__proto__[admin]=1',
  '__proto__.admin=1',
  '%5f%5fproto%5f%5f[admin]=1',
  'constructor[prototype][admin]=1',
  'constructor.prototype.admin=1',
  'a[__proto__][admin]=1',
  'hasOwnProperty=1',
  'toString=1',
];

const tally = new Tally();
let folder: ExtensionFolder;
let attacked: AttackedServer;
let asker: Asker;
beforeAll(async () => {
  folder = extensionFolder();
  folder.write('polluted', {
    manifest: { grants: ['ROUTES'], config: { type: 'object', properties: { a: { type: 'integer' } } } },
    code: setup(`
      const tell = async (request) => ({ config: ctx.config.admin ?? null, body: request.body?.admin ?? null, query: request.query.admin ?? null, plain: {}.admin ?? null });
      ctx.routes.get('/tell', tell);
      ctx.routes.post('/tell', tell);`),
  });
  attacked = await startAttacked({ ORDINAUT_AUTH: 'off', ORDINAUT_EXT_PATHS: folder.path });
  asker = new Asker(attacked.url);
});
afterEach(() => {
  expect(({} as { admin?: unknown }).admin).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(attacked.failures).toEqual([]);
});
afterAll(async () => {
  await asker?.[Symbol.asyncDispose]();
  await attacked?.[Symbol.asyncDispose]();
  folder?.remove();
  process.stdout.write(`Pollution: ${tally.line()}\n`);
});

async function send(method: string, path: string, body?: string) {
  const json = { 'content-type': 'application/json' };
  const answer = await asker.ask(path, { method, ...(body !== undefined && { headers: json, body }) });
  tally.count(`${method} ${path.split('?', 1)[0]}`, answer.status);
  expect(answer.status >= 400 ? faultsOf(answer) : []).toEqual([]);
  return answer;
}

describe('bodies', () => {
  const around: readonly ((poison: string) => [method: string, path: string, body: string])[] = [
    (poison) => ['POST', '/tasks', poison],
    (poison) => [
      'POST',
      '/tasks',
      `{"title":"x","schedule_kind":"event","event_topic":"a","payload":{"pipeline":[],"params":${poison}}}`,
    ],
    (poison) => [
      'POST',
      '/tasks',
      `{"title":"x","schedule_kind":"event","event_topic":"a","payload":{"pipeline":[{"id":"a","uses":"core.echo","with":${poison}}]}}`,
    ],
    (poison) => ['POST', '/events', `{"topic":"a","payload":[[${poison}]]}`],
    (poison) => ['POST', '/tools/core.transform/call', `{"input":{"expression":"@","data":${poison}}}`],
    (poison) => ['PUT', '/ext/polluted/config', `{"config":${poison}}`],
    (poison) => ['PUT', '/ext/polluted/config', `{"config":{"a":${poison}}}`],
    (poison) => ['POST', '/ext/polluted/tell', poison],
    (poison) => ['POST', '/ext/events_demo/publish/x', `{"a":${poison}}`],
    (poison) => ['POST', '/ext/mcp_http/invoke', `{"tool":"core.echo","arguments":${poison}}`],
    (poison) => ['POST', '/auth/token', poison],
  ];
  test.each(poisons)('%s is refused wherever it stands', async (poison) => {
    for (const place of around) expect((await send(...place(poison))).status).toBe(400);
    expect(JSON.parse((await send('GET', '/ext/polluted/tell')).text)).toEqual({
      config: null,
      body: null,
      query: null,
      plain: null,
    });
  });

  test.each(inherited)('%s is a name like any other in data, and no field of ours', async (name) => {
    const text = JSON.stringify({ [name]: 1 });
    expect((await send('POST', '/auth/token', text)).status).toBe(400);
    expect((await send('POST', '/tasks', text)).status).toBe(400);
    const echoed = await send(
      'POST',
      '/tools/core.transform/call',
      `{"input":{"expression":"data || @","data":${text}}}`,
    );
    expect(JSON.parse(echoed.text).output).toEqual({ [name]: 1 });
    expect((await send('POST', '/events', `{"topic":"a","payload":${text}}`)).status).toBe(202);
  });

  test('expressions see no inherited fields', async () => {
    for (const name of [...inherited, '__proto__']) {
      const expression = `["${name}", a."${name}", "${name}"."${name}", $."${name}"]`;
      const answer = await send(
        'POST',
        '/tools/core.transform/call',
        JSON.stringify({ input: { expression, data: { a: {} } } }),
      );
      expect(JSON.parse(answer.text).output ?? [null, null, null, null]).toEqual([null, null, null, null]);
    }
  });
});

test.each(queries)('the query %s reaches no prototype', async (query) => {
  for (const path of ['/tasks', '/audit', '/ext/status', '/events/stream/recent'])
    expect((await send('GET', `${path}?${query}`)).status).toBe(400);
  expect(JSON.parse((await send('GET', `/ext/polluted/tell?${query}`)).text)).toMatchObject({
    query: null,
    plain: null,
  });
});

test.each([...inherited, '__proto__'])('%s is nothing that is there, in a path', async (name) => {
  const paths = [
    `/tools/${name}`,
    `/users/${name}`,
    `/ext/${name}/health`,
    `/ext/${name}/config`,
    `/ext/${name}/x`,
    `/${name}`,
  ];
  for (const path of paths) expect((await send('GET', path)).status, path).toBeOneOf([400, 404]);
  expect((await send('POST', `/tools/${name}/call`, '{}')).status).toBe(404);
  expect((await send('POST', '/auth/token', JSON.stringify({ username: name, password: 'x' }))).status).toBeOneOf([
    401, 429,
  ]);
});

test('the configuration of an extension takes such names as data', async () => {
  const given = Object.fromEntries(inherited.map((name) => [name, { admin: true }]));
  expect((await send('PUT', '/ext/polluted/config', JSON.stringify({ config: given }))).status).toBe(200);
  const shown = JSON.parse((await send('GET', '/ext/polluted/config')).text) as ExtensionConfig;
  expect(Object.keys(shown.config)).toEqual(Object.keys(given));
  expect(JSON.parse((await send('GET', '/ext/polluted/tell')).text)).toMatchObject({ config: null, plain: null });
});
