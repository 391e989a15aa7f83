import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { OperationResult } from '@ordinaut/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ExtensionFolder, extensionFolder, hello, setup, statusOfOne } from '../../support/extensions.ts';
import { startServer, type TestApi } from '../../support/server.ts';
import { newPlace, type TestPlace } from '../../support/stores.ts';

let place: TestPlace;
let folder: ExtensionFolder;
let api: Awaited<ReturnType<typeof startServer>>;

const start = async () => {
  api = await startServer(place, { environment: { ORDINAUT_EXT_PATHS: folder.path } });
};
const reload = (id: string) =>
  api.call<OperationResult & { error?: string; message: string }>('POST', `/ext/${id}/reload`);

beforeEach(async () => {
  place = await newPlace('sqlite');
  folder = extensionFolder();
});

afterEach(async () => {
  await api.server.stop();
  folder.remove();
  await place.remove();
});

/** Asks without end until it is told to stop; gives what went wrong. */
function load(client: Pick<TestApi, 'call'>, path: string, lanes = 8) {
  let going = true;
  let requests = 0;
  const failures: string[] = [];
  const versions = new Set<string>();
  const lane = async () => {
    while (going) {
      const { status, body } = await client.call<{ message?: string }>('GET', path);
      requests += 1;
      if (status === 200) versions.add(body.message ?? '');
      else failures.push(`${status} ${JSON.stringify(body)}`);
    }
  };
  const running = Promise.all(Array.from({ length: lanes }, lane));
  return async () => {
    going = false;
    await running;
    return { requests, failures, versions };
  };
}

test('after a syntax error the old generation serves, and after the fix the new one', async () => {
  folder.write('site', hello('one'));
  await start();
  expect((await api.call('GET', '/ext/site/hello')).body).toEqual({ message: 'one' });
  folder.write('site', { code: 'export default {{' });
  const refused = await reload('site');
  expect(refused.status).toBe(409);
  expect(refused.body.message).toMatch(/extension\.ts:1:\d+.*Generation 1 serves on/s);
  expect((await api.call('GET', '/ext/site/hello')).body).toEqual({ message: 'one' });
  expect(await statusOfOne(api, 'site')).toMatchObject({
    state: 'loaded',
    error: expect.stringMatching(/^The last reload failed, and generation 1 serves on: /),
  });
  // Started anew it is well again, also without another reload.
  folder.write('site', hello('two'));
  await api.call('POST', '/ext/site/disable');
  await api.call('POST', '/ext/site/enable');
  expect((await api.call('GET', '/ext/site/hello')).body).toEqual({ message: 'two' });
  expect((await statusOfOne(api, 'site')).error).toBeUndefined();
  folder.write('site', { manifest: '{' });
  expect((await reload('site')).status).toBe(409);
  expect((await statusOfOne(api, 'site')).error).toMatch(/^The last reload failed, and generation \d+ serves on: /);
  folder.write('site', hello('two'));
  expect((await reload('site')).status).toBe(200);
  expect((await statusOfOne(api, 'site')).error).toBeUndefined();
  expect((await api.call('GET', '/ext/site/hello')).body).toEqual({ message: 'two' });
});

test.each([
  ['a setup that throws', setup("throw new Error('not today');"), 'not today'],
  [
    'a generation that is unhealthy',
    setup("return { health: () => ({ status: 'unhealthy', checks: { disk: 'full' } }) };"),
    'disk',
  ],
  ['a module without a definition', 'export const x = 1;', 'no default export'],
])('%s keeps the old generation serving', async (_what, code, reason) => {
  folder.write('site', hello('one'));
  await start();
  await api.call('GET', '/ext/site/hello');
  folder.write('site', { code });
  expect((await reload('site')).body.message).toContain(reason);
  expect((await api.call('GET', '/ext/site/hello')).body).toEqual({ message: 'one' });
  expect((await statusOfOne(api, 'site')).generation).toBe(1);
});

test('sixty reloads under load lose no request', async () => {
  folder.write('site', hello('0'));
  await start();
  const end = load(api, '/ext/site/hello');
  const begun = performance.now();
  for (let version = 1; version <= 60; version += 1) {
    folder.write('site', hello(String(version)));
    expect((await reload('site')).status).toBe(200);
  }
  const ms = performance.now() - begun;
  const { requests, failures, versions } = await end();
  console.log(`60 reloads in ${Math.round(ms)} ms, ${requests} requests meanwhile, ${failures.length} failed`);
  expect(failures).toEqual([]);
  expect(requests).toBeGreaterThan(60);
  expect(versions.size).toBeGreaterThan(10);
});

test('an extension is added, replaced and removed without a restart, and no request of another is lost', async () => {
  folder.write('neighbour', hello('here'));
  await start();
  const end = load(api, '/ext/neighbour/hello', 4);
  for (let round = 1; round <= 5; round += 1) {
    folder.write('guest', hello(`guest ${round}`));
    expect((await reload('guest')).body.message).toContain('added');
    expect((await api.call('GET', '/ext/guest/hello')).body).toEqual({ message: `guest ${round}` });
    folder.write('guest', hello(`guest ${round} again`));
    await reload('guest');
    expect((await api.call('GET', '/ext/guest/hello')).body).toEqual({ message: `guest ${round} again` });
    folder.delete('guest');
    expect((await reload('guest')).body.details).toMatchObject({ state: 'removed' });
    expect((await api.call('GET', '/ext/guest/hello')).status).toBe(404);
  }
  expect((await end()).failures).toEqual([]);
});

test('two who add the same extension at a time add one', async () => {
  await start();
  const tool = { name: 'wave', description: 'Waves.', inputSchema: {} };
  folder.write('guest', { manifest: { grants: ['TOOLS'], contributes: { tools: [tool] } }, code: setup('') });
  const answers = await Promise.all([reload('guest'), reload('guest')]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  const names = async () =>
    (await api.call<{ items: { name: string }[] }>('GET', '/tools')).body.items.map(({ name }) => name);
  expect(await names()).toContain('ext.guest.wave');
  folder.delete('guest');
  expect((await reload('guest')).body.details).toMatchObject({ state: 'removed' });
  expect(await names()).not.toContain('ext.guest.wave');
});

test('a slow request is finished by the generation that began it', async () => {
  const code = (version: string) => `import { once } from 'node:events';
${setup(`
  globalThis.gate ??= new EventTarget();
  ctx.routes.get('/slow', async () => { globalThis.gate.dispatchEvent(new Event('begun')); await once(globalThis.gate, 'go'); return { message: '${version}' }; });
  ctx.routes.get('/hello', async () => ({ message: '${version}' }));`)}`;
  folder.write('site', { manifest: { grants: ['ROUTES'] }, code: code('one') });
  await start();
  await api.call('GET', '/ext/site/hello');
  const gate = (globalThis as unknown as { gate: EventTarget }).gate;
  const begun = new Promise((resolve) => gate.addEventListener('begun', resolve, { once: true }));
  const slow = api.call('GET', '/ext/site/slow');
  await begun;
  folder.write('site', { code: code('two') });
  await reload('site');
  expect((await api.call('GET', '/ext/site/hello')).body).toEqual({ message: 'two' });
  gate.dispatchEvent(new Event('go'));
  expect((await slow).body).toEqual({ message: 'one' });
});

test('two hundred reloads leave heap, timers and listeners flat', { timeout: 60_000 }, async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // Half a megabyte of its own, so that a generation that stays shows.
  const ballast = `const ballast = ${JSON.stringify('x'.repeat(500_000))};`;
  const code = (version: number) => `${ballast}
${setup(`
  const held = ballast + '${version}';
  ctx.routes.get('/hello', async () => ({ message: held.length }));
  ctx.routes.get('/ws', { websocket: true }, (socket) => socket.send('hi'));
  ctx.setInterval(() => held.length, 1000);
  ctx.background.start('idle', (signal) => new Promise((done) => signal.addEventListener('abort', done)));
  ctx.metrics.counter('hellos', { help: 'x' }).inc();`)}`;
  folder.write('site', { manifest: { grants: ['ROUTES', 'BACKGROUND_TASKS'] }, code: code(0) });
  await start();
  const measure = async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      collect();
    }
    const resources = process.getActiveResourcesInfo();
    return {
      heap: process.memoryUsage().heapUsed / 1_048_576,
      timers: resources.filter((kind) => kind === 'Timeout').length,
      resources: resources.length,
      listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    };
  };
  const reloads = async (from: number, count: number) => {
    for (let version = from; version < from + count; version += 1) {
      folder.write('site', { code: code(version) });
      expect((await reload('site')).status).toBe(200);
      await api.call('GET', '/ext/site/hello');
    }
  };
  await api.call('GET', '/ext/site/hello');
  await reloads(1, 20);
  const before = await measure();
  await reloads(21, 200);
  const after = await measure();
  console.log(
    `200 reloads of 500 KB: heap ${before.heap.toFixed(1)} -> ${after.heap.toFixed(1)} MB, timers ${before.timers} -> ${after.timers}, resources ${before.resources} -> ${after.resources}, process listeners ${before.listeners} -> ${after.listeners}`,
  );
  expect(after.heap - before.heap).toBeLessThan(15);
  expect(after.timers).toBeLessThanOrEqual(before.timers + 2);
  expect(after.resources).toBeLessThanOrEqual(before.resources + 4);
  expect(after.listeners).toBe(before.listeners);
});
