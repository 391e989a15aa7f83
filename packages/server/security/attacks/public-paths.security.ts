import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ExtensionFolder, extensionFolder } from '../../test/support/extensions.ts';
import { Asker } from '../support/asker.ts';
import { type AttackedServer, startAttacked } from '../support/attacked-server.ts';
import { guardedPublicPaths, PROTECTED, writeGuarded } from '../support/guarded-extension.ts';
import { PASSWORD } from '../support/password.ts';
import { runs, seed } from '../support/run-options.ts';
import { spellings } from '../support/spellings.ts';
import { Tally } from '../support/tally.ts';

/** Paths that need credentials. What they answer has the mark in it. */
const guarded = [
  '/ext/webui/api/tasks',
  '/ext/guarded/secret',
  '/ext/guarded/openly',
  '/ext/guarded/open/deep/secret',
  '/ext/guarded/Open/secret',
  '/ext/guarded/tree/a/b',
  '/ext/guarded/wild/x',
  '/tasks',
  '/users',
  '/agents',
];
/** Up from what is open to what is not, without leaving the extension. */
const within = [
  '/ext/webui/assets/../api/tasks',
  '/ext/webui/assets/%2e%2e/api/tasks',
  '/ext/webui/assets/..%2fapi%2ftasks',
  '/ext/webui/assets/..;/api/tasks',
  '/ext/webui/x/../api/tasks',
  '/ext/webui/./api/tasks',
  '/ext/webui//api/tasks',
  '/ext/webui/api%2Ftasks',
  '/ext/webui/?/api/tasks',
  '/ext/webui?/api/tasks',
  '/ext/webui#/api/tasks',
  '/ext/guarded/open/../secret',
  '/ext/guarded/open/%2e%2e/secret',
  '/ext/guarded/open/..%2fsecret',
  '/ext/guarded/open/..%5csecret',
  '/ext/guarded/open/..\\secret',
  '/ext/guarded/open/..;/secret',
  '/ext/guarded/open//deep/secret',
  '/ext/guarded/open/deep%2fsecret',
  '/ext/guarded/open/deep;/secret',
  '/ext/guarded/files/../secret',
  '/ext/guarded/files/%2e%2e/secret',
  '/ext/guarded/files/../open/deep/secret',
  '/ext/guarded/files//../secret',
];

const tally = new Tally();
let folder: ExtensionFolder;
let attacked: AttackedServer;
let asker: Asker;
let credentials: Record<string, string>;

beforeAll(async () => {
  folder = extensionFolder();
  writeGuarded(folder);
  const { SecuritySettings } = await import('../../src/config/sections/security.ts');
  const open: readonly string[] = SecuritySettings.properties.publicPaths.default;
  attacked = await startAttacked({
    ORDINAUT_AUTH: 'required',
    ORDINAUT_EXT_PATHS: folder.path,
    ORDINAUT_PUBLIC_PATHS: [...open, ...guardedPublicPaths].join(','),
  });
  asker = new Asker(attacked.url);
  const json = { 'content-type': 'application/json' };
  const login = JSON.stringify({ username: 'admin', password: PASSWORD });
  const answer = await asker.ask('/auth/token', { method: 'POST', headers: json, body: login });
  credentials = { authorization: `Bearer ${JSON.parse(answer.text).access_token}` };
  const make = async (path: string, body: object) => {
    const made = await asker.ask(path, {
      method: 'POST',
      headers: { ...json, ...credentials },
      body: JSON.stringify(body),
    });
    expect(made.status, made.text).toBe(201);
  };
  const schedule = { schedule_kind: 'once', schedule_expr: '2099-01-01T00:00:00Z' };
  await make('/tasks', { title: PROTECTED, ...schedule, payload: { pipeline: [] } });
  await make('/users', { username: PROTECTED, password: PASSWORD });
  await make('/agents', { name: `${PROTECTED}-agent` });
});

afterAll(async () => {
  await asker?.[Symbol.asyncDispose]();
  await attacked?.[Symbol.asyncDispose]();
  folder?.remove();
  process.stdout.write(`Public paths: with credentials ${tally.line(['known'])}\n`);
  process.stdout.write(`Public paths: without ${tally.line(['nobody'])}\n`);
});

const sentByProxies = {
  'x-original-url': '/ext/webui/',
  'x-rewrite-url': '/ext/webui/',
  'x-forwarded-prefix': '/ext/webui',
  'x-forwarded-uri': '/ext/webui/',
  'x-http-method-override': 'GET',
  'x-forwarded-for': '127.0.0.1',
  forwarded: 'for=127.0.0.1;host=localhost;proto=https',
};

/** What of the protected was reached by these paths, with credentials and without; any method but GET has to say as little. */
async function reached(paths: Iterable<string>): Promise<{ known: string[]; nobody: string[] }> {
  const found = { known: [] as string[], nobody: [] as string[] };
  for (const path of paths) {
    // Not to be sent by any client.
    if (/[^\x21-\xff]/.test(path) || !/^(\/|http)/.test(path)) continue;
    const withThem = await asker.ask(path, { headers: credentials });
    tally.count('known', withThem.status);
    if (withThem.text.includes(PROTECTED)) found.known.push(path);
    for (const [method, headers] of [
      ['GET', {}],
      ['GET', sentByProxies],
      ['POST', {}],
    ] as const) {
      const without = await asker.ask(path, { method, headers });
      tally.count('nobody', without.status);
      if (without.text.includes(PROTECTED)) found.nobody.push(`${method} ${path}`);
    }
  }
  return found;
}

test('what is protected is reached with credentials, and is not without them', async () => {
  const { known, nobody } = await reached(guarded);
  expect(known).toEqual(guarded);
  expect(nobody).toEqual([]);
  expect((await asker.ask('/ext/guarded/open/hello')).status).toBe(200);
  expect((await asker.ask('/ext/guarded/files/public.txt')).status).toBe(200);
});

test('no spelling of a path leads past the door', async () => {
  const paths = guarded.flatMap((path) => Object.values(spellings).map((spell) => spell(path)));
  const { known, nobody } = await reached(new Set([...paths, ...within]));
  process.stdout.write(
    `Public paths: ${new Set(paths).size} spellings, ${known.length} of them lead somewhere with credentials\n`,
  );
  expect(nobody).toEqual([]);
});

test('no spelling of a spelling of a spelling does', async () => {
  const names = Object.keys(spellings);
  const chain = fc.tuple(
    fc.constantFrom(...guarded),
    fc.array(fc.constantFrom(...names), { minLength: 2, maxLength: 3 }),
  );
  const one = async ([path, ways]: [string, string[]]) => {
    const spelt = ways.reduce((text, name) => spellings[name]!(text), path);
    expect((await reached([spelt])).nobody).toEqual([]);
  };
  await fc.assert(fc.asyncProperty(chain, one), { seed, numRuns: runs });
});
