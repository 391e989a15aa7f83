import { afterEach, expect, test } from 'vitest';
import {
  type ExtensionFolder,
  extensionFolder,
  hello,
  metricOf,
  setup,
  statusOf,
  statusOfOne,
} from '../../support/extensions.ts';
import { startServer } from '../../support/server.ts';
import { newPlace, type TestPlace } from '../../support/stores.ts';

let place: TestPlace;
let folder: ExtensionFolder;
let stop: (() => Promise<void>) | null = null;

async function start(environment: Record<string, string> = {}) {
  place ??= await newPlace('sqlite');
  const api = await startServer(place, { environment: { ORDINAUT_EXT_PATHS: folder.path, ...environment } });
  stop = () => api.server.stop();
  return api;
}

afterEach(async () => {
  await stop?.();
  stop = null;
  folder.remove();
  await place?.remove();
  // @ts-expect-error each test begins with none
  place = undefined;
});

test('one bad extension does not stop the host: each shows its reason, the good ones serve', async () => {
  folder = extensionFolder();
  for (let number = 1; number <= 20; number += 1) folder.write(`good${number}`, hello(`good ${number}`));
  folder.write('bad-json', { manifest: '{ "id": "bad-json", ', code: '' });
  folder.write('bad-schema', { manifest: { version: 3, grants: ['TELEPORT'] }, code: '' });
  folder.write('no-module', { manifest: { module: 'missing.ts' } });
  folder.write('throws-at-import', {
    manifest: { eager: true, grants: ['ROUTES'] },
    code: "throw new Error('no import today');",
  });
  folder.write('throws-in-setup', { manifest: { eager: true }, code: setup("throw new Error('no setup today');") });
  folder.write('never-resolves', { manifest: { eager: true }, code: setup('await new Promise(() => {});') });
  folder.write('bad-syntax', { manifest: { grants: ['ROUTES'] }, code: 'export default {' });

  const begun = performance.now();
  const api = await start();
  expect((await api.call('GET', '/health/ready')).status).toBe(200);
  expect(performance.now() - begun).toBeLessThan(2000);

  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => api.call<{ message: string }>('GET', `/ext/good${index + 1}/hello`)),
  );
  expect(answers.map(({ body }) => body.message)).toEqual(
    Array.from({ length: 20 }, (_, index) => `good ${index + 1}`),
  );

  // Whoever asks waits for the activation and is told what came of it.
  for (const id of ['throws-at-import', 'throws-in-setup', 'bad-syntax'])
    expect((await api.call('GET', `/ext/${id}/x`)).status, id).toBe(503);
  const { extensions, failed_extensions } = await statusOf(api);
  const shown = (id: string) => `${extensions[id]?.state}: ${extensions[id]?.error ?? ''}`;
  expect(shown('bad-json')).toMatch(/^invalid: .*bad-json.extension\.json:1:\d+/);
  expect(shown('bad-schema')).toMatch(/^invalid: .*extension\.json:1:\d+.*version/s);
  expect(shown('bad-schema')).toContain('TELEPORT');
  expect(shown('no-module')).toMatch(/^invalid: .*missing\.ts/);
  expect(shown('throws-at-import')).toMatch(/^error: no import today \(extension\.ts:\d+:\d+\)$/);
  expect(shown('throws-in-setup')).toMatch(/^error: no setup today \(extension\.ts:\d+:\d+\)$/);
  expect(shown('bad-syntax')).toMatch(/^error: .*extension\.ts:1:\d+/);
  expect(extensions['never-resolves']?.state).toBe('activating');
  expect(failed_extensions).toBe(6);
});

test('a hundred first requests share one setup', async () => {
  folder = extensionFolder();
  folder.write('slow', {
    manifest: { grants: ['ROUTES'] },
    code: `let setups = 0;
${setup("setups += 1; const mine = setups; await new Promise((done) => setImmediate(done)); ctx.routes.get('/count', async () => ({ setups, mine }));")}`,
  });
  const api = await start();
  const answers = await Promise.all(Array.from({ length: 100 }, () => api.call('GET', '/ext/slow/count')));
  expect(answers.map(({ status, body }) => [status, body])).toEqual(
    Array.from({ length: 100 }, () => [200, { setups: 1, mine: 1 }]),
  );
  expect(await metricOf(api, 'extension_setups_total{extension="slow",outcome="succeeded"}')).toBe(1);
});

test('a failed setup undoes what it did and is tried again after a delay, unless it is fatal', async () => {
  folder = extensionFolder();
  folder.write('late', {
    manifest: { grants: ['ROUTES'] },
    code: setup(`
      globalThis.lateTries = (globalThis.lateTries ?? 0) + 1;
      globalThis.lateUndone ??= [];
      ctx.onDispose(() => globalThis.lateUndone.push('first'));
      ctx.onDispose(() => globalThis.lateUndone.push('second'));
      if (globalThis.lateTries === 1) throw new NotReady('the database is not there yet');
      ctx.routes.get('/state', async () => ({ tries: globalThis.lateTries, undone: globalThis.lateUndone }));`),
  });
  folder.write('hopeless', { manifest: { grants: ['ROUTES'] }, code: setup("throw new Fatal('wrong machine');") });
  const api = await start();
  const refused = await api.call<{ error: string; message: string }>('GET', '/ext/late/state');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  expect(refused.body.message).toContain('the database is not there yet');
  let answer = await api.call('GET', '/ext/late/state');
  while (answer.status === 503) answer = await api.call('GET', '/ext/late/state');
  expect(answer.body).toEqual({ tries: 2, undone: ['second', 'first'] });

  expect((await api.call('GET', '/ext/hopeless/x')).headers.get('retry-after')).toBe('60');
  await api.call('GET', '/ext/hopeless/x');
  expect(await metricOf(api, 'extension_setups_total{extension="hopeless",outcome="failed"}')).toBe(1);
});

test('the capabilities that are not granted are not there, and using one says so', async () => {
  folder = extensionFolder();
  folder.write('modest', {
    manifest: { grants: { ROUTES: { reason: 'shows what it sees' } } },
    code: setup(`
      ctx.routes.get('/has', async () => ({ tools: 'tools' in ctx, routes: 'routes' in ctx, can: ctx.has('TOOLS') }));
      ctx.routes.get('/use', async () => ctx.tools.list());`),
  });
  folder.write('greedy', {
    manifest: { grants: ['ROUTES'] },
    code: `import { defineExtension } from '@ordinaut/kit';
export default defineExtension({ grants: ['ROUTES', 'TOOLS'], setup() {} });`,
  });
  folder.write('empty', { manifest: {}, code: setup("ctx.routes.get('/x', async () => 1);") });
  const api = await start();
  expect((await api.call('GET', '/ext/modest/has')).body).toEqual({ tools: false, routes: true, can: false });
  const used = await api.call<{ error: string; details: object }>('GET', '/ext/modest/use');
  expect([used.status, used.body.error]).toEqual([403, 'forbidden']);
  expect(used.body.details).toMatchObject({ required_capability: 'TOOLS', granted_capabilities: ['ROUTES'] });
  await api.call('GET', '/ext/greedy/x');
  expect((await statusOfOne(api, 'greedy')).error).toContain('TOOLS');
  await api.call('GET', '/ext/empty/x');
  expect((await statusOfOne(api, 'empty')).error).toContain('not granted ROUTES');
});

test('the configuration is checked, has its defaults, and tells no secret', async () => {
  folder = extensionFolder();
  const config = {
    properties: {
      city: { type: 'string', default: 'Bonn' },
      key: { type: 'string', minLength: 20, secret: true },
    },
    required: ['key'],
  };
  const code = setup(
    "ctx.routes.get('/settings', async () => ({ ...ctx.config, frozen: Object.isFrozen(ctx.config) }));",
  );
  folder.write('set', { manifest: { grants: ['ROUTES'], config }, code });
  folder.write('unset', { manifest: { grants: ['ROUTES'], config }, code });
  folder.write('short', { manifest: { grants: ['ROUTES'], config }, code });
  const given = { set: { key: 'k'.repeat(20) }, short: { key: 'hunter2' } };
  const api = await start({ ORDINAUT_EXT_CONFIG: JSON.stringify(given) });
  expect((await api.call('GET', '/ext/set/settings')).body).toEqual({
    city: 'Bonn',
    key: 'k'.repeat(20),
    frozen: true,
  });
  expect((await api.call<{ message: string }>('GET', '/ext/unset/settings')).body.message).toContain('key is required');
  const short = JSON.stringify((await api.call('GET', '/ext/short/settings')).body);
  expect(short).toContain('key does not fit');
  expect(short).not.toContain('hunter2');
});
