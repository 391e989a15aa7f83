import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  type ExtensionFolder,
  extensionFolder,
  hello,
  metricOf,
  setup,
  statusOfOne,
} from '../../support/extensions.ts';
import { type ServerProcess, spawnServer } from '../../support/server-process.ts';
import { newPlace, type TestPlace } from '../../support/stores.ts';

// What escapes an extension belongs to the whole process: each test has a server process of its own.
let place: TestPlace;
let folder: ExtensionFolder;
let api: ServerProcess;

const start = async (environment: Record<string, string> = {}): Promise<ServerProcess> => {
  api = await spawnServer(place, { ORDINAUT_EXT_PATHS: folder.path, ...environment });
  return api;
};

beforeEach(async () => {
  place = await newPlace('sqlite');
  folder = extensionFolder();
});

afterEach(async () => {
  if (api.child.exitCode === null && api.child.signalCode === null) await api.end();
  folder.remove();
  await place.remove();
});

const escapes = {
  'a bare rejection': "void Promise.reject(new Error('bare'));",
  'an async throw': "(async () => { await null; throw new Error('async'); })();",
  'a throw in a timer': "setTimeout(() => { throw new Error('timer'); }, 1);",
  'a rejection in setImmediate': "setImmediate(async () => { throw new Error('immediate'); });",
  'a socket error': "connect(1, '127.0.0.1');",
};

test.each(Object.entries(escapes))('%s is counted on the extension, and the server stays up', async (_what, code) => {
  folder.write('leaky', {
    manifest: { grants: ['ROUTES'] },
    code: `import { connect } from 'node:net';\n${setup(`ctx.routes.get('/leak', async () => { ${code} return { ok: true }; });`)}`,
  });
  folder.write('neighbour', hello());
  await start();
  expect((await api.call('GET', '/ext/leaky/leak')).status).toBe(200);
  const entry = await api.logged(({ msg }) => msg?.startsWith('an error of an extension that nothing caught') ?? false);
  expect(entry.extension).toBe('leaky');
  expect((await api.call('GET', '/ext/neighbour/hello')).body).toEqual({ message: 'hello' });
  expect((await statusOfOne(api, 'leaky')).metrics.errors_total).toBe(1);
  expect((await statusOfOne(api, 'neighbour')).metrics.errors_total).toBe(0);
  expect(String((entry.err as { stack: string }).stack)).toMatch(/extension\.ts:\d+|ECONNREFUSED/);
});

test.each([
  ['an error', "throw new Error('no');"],
  ['a text', "throw 'no';"],
  ['a rejection without a stack', "void Promise.reject('no');"],
  ['a socket error', "connect(1, '127.0.0.1');"],
])('%s in a message of a WebSocket is counted on the extension', async (_what, code) => {
  folder.write('leaky', {
    manifest: { grants: ['ROUTES'] },
    code: `import { connect } from 'node:net';\n${setup(`ctx.routes.get('/ws', { websocket: true }, (socket) => socket.on('message', () => { ${code} }));`)}`,
  });
  await start();
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/ext/leaky/ws`);
  const closed = once(socket, 'close');
  await once(socket, 'open');
  socket.send('hi');
  await api.logged(({ msg }) => msg?.startsWith('an error of an extension that nothing caught') ?? false);
  expect((await statusOfOne(api, 'leaky')).metrics.errors_total).toBe(1);
  if (code.startsWith('throw')) expect((await closed)[0]).toBe(1011);
  else socket.terminate();
});

test.each([
  ['its end', "ctx.signal.addEventListener('abort', () => { throw 'at the end'; });"],
  [
    'the end of its work',
    "ctx.background.start('work', (signal) => new Promise((done) => signal.addEventListener('abort', () => { done(); throw 'at the end'; })));",
  ],
])('what an extension throws at %s is counted on it', async (_what, code) => {
  folder.write('leaky', { manifest: { grants: ['BACKGROUND_TASKS'], eager: true }, code: setup(code) });
  await start();
  await api.logged(({ msg }) => msg === 'extension loaded');
  expect((await api.call('POST', '/ext/leaky/disable')).status).toBe(200);
  await api.logged(({ msg }) => msg?.startsWith('an error of an extension that nothing caught') ?? false);
  expect((await statusOfOne(api, 'leaky')).metrics.errors_total).toBe(1);
});

test('what cannot even be told, because it throws when it is looked at, does not end the server', async () => {
  folder.write('leaky', {
    manifest: { grants: ['ROUTES'] },
    code: setup(
      "ctx.routes.get('/leak', async () => { for (let time = 0; time < 3; time += 1) void Promise.reject(Object.create(null)); return {}; });",
    ),
  });
  await start();
  await api.call('GET', '/ext/leaky/leak');
  await api.logged(({ msg }) => msg === 'an error cannot be told');
  expect((await api.call('GET', '/health/live')).status).toBe(200);
});

test('three crashes in five minutes quarantine an extension until it is reset, also across a restart', async () => {
  folder.write('leaky', {
    manifest: { grants: ['ROUTES'] },
    code: setup(
      "ctx.routes.get('/leak', async () => { setImmediate(() => { throw new Error('again'); }); return {}; });",
    ),
  });
  await start();
  for (let crash = 1; crash <= 3; crash += 1) {
    await api.call('GET', '/ext/leaky/leak');
    let seen = 0;
    await api.logged(({ msg }) => msg?.startsWith('an error of an extension') === true && ++seen >= crash);
  }
  await api.logged(({ msg }) => msg?.startsWith('an extension is quarantined') ?? false);
  await api.logged(({ msg }) => msg === 'extension unloaded');
  const refused = await api.call<{ message: string }>('GET', '/ext/leaky/leak');
  expect([refused.status, refused.body.message]).toEqual([503, expect.stringContaining('quarantined')]);
  await api.end();

  await start();
  expect(await statusOfOne(api, 'leaky')).toMatchObject({
    state: 'quarantined',
    error: expect.stringContaining('again'),
  });
  expect(await metricOf(api, 'extension_quarantined{extension="leaky"}')).toBe(1);
  expect((await api.call('POST', '/ext/leaky/reset')).status).toBe(200);
  expect((await api.call('GET', '/ext/leaky/leak')).status).toBe(200);
});

test('an extension that holds the event loop is named, with its file and line', async () => {
  folder.write('busy', {
    manifest: { grants: ['ROUTES'] },
    code: setup(`ctx.routes.get('/block', async () => {
      await null;
      const end = Date.now() + 2000;
      while (Date.now() < end);
      return {};
    });`),
  });
  await start();
  await api.call('GET', '/ext/busy/block');
  const entry = await api.logged(({ msg }) => msg === 'an extension blocked the event loop');
  expect(entry).toMatchObject({ extension: 'busy', where: expect.stringMatching(/busy\/extension\.ts:\d+:\d+$/) });
  expect(entry.blocked_ms).toBeGreaterThan(1500);
  // Right after the block the server has more to do than it can, and says so.
  let seconds = 0;
  while (seconds === 0) seconds = await metricOf(api, 'extension_event_loop_block_seconds_total{extension="busy"}');
  expect(seconds).toBeGreaterThan(1.5);
});

test.each([
  ['process.exit', 'process.exit(7);'],
  ['SIGKILL', "process.kill(process.pid, 'SIGKILL');"],
])('an extension that ends the process by %s while it is activated starts quarantined', async (_how, code) => {
  folder.write('deadly', { manifest: { grants: ['ROUTES'] }, code: setup(code) });
  folder.write('neighbour', hello());
  await start();
  await api.call('GET', '/ext/deadly/x').catch(() => null);
  await new Promise((resolve) =>
    (api.child.exitCode ?? api.child.signalCode) !== null ? resolve(null) : api.child.once('exit', resolve),
  );
  await start();
  expect((await statusOfOne(api, 'deadly')).state).toBe('quarantined');
  expect((await api.call('GET', '/ext/deadly/x')).status).toBe(503);
  expect((await api.call('GET', '/ext/neighbour/hello')).status).toBe(200);
});

test('an extension that is being activated while another ends the process is not quarantined', async () => {
  folder.write('slow', { manifest: { grants: ['ROUTES'] }, code: setup('await new Promise(() => {});') });
  folder.write('deadly', {
    manifest: { grants: ['ROUTES'] },
    code: setup("ctx.routes.get('/exit', async () => process.exit(3));"),
  });
  await start();
  void api.call('GET', '/ext/slow/x').catch(() => null);
  while ((await statusOfOne(api, 'slow')).state !== 'activating');
  await api.call('GET', '/ext/deadly/exit').catch(() => null);
  if (api.child.exitCode === null) await new Promise((resolve) => api.child.once('exit', resolve));
  await start();
  expect((await statusOfOne(api, 'deadly')).state).toBe('quarantined');
  expect((await statusOfOne(api, 'slow')).state).toBe('discovered');
});

test('process.exit in a request quarantines too', async () => {
  folder.write('deadly', {
    manifest: { grants: ['ROUTES'] },
    code: setup("ctx.routes.get('/exit', async () => process.exit(3));"),
  });
  await start();
  await api.call('GET', '/ext/deadly/exit').catch(() => null);
  if (api.child.exitCode === null) await new Promise((resolve) => api.child.once('exit', resolve));
  await start();
  expect(await statusOfOne(api, 'deadly')).toMatchObject({
    state: 'quarantined',
    error: expect.stringContaining('process.exit'),
  });
});

test('in safe mode only the built-in extensions may run', async () => {
  folder.write('mine', hello());
  await start({ ORDINAUT_SAFE_MODE: '1' });
  expect((await statusOfOne(api, 'mine')).state).toBe('disabled');
  expect((await api.call('GET', '/ext/mine/hello')).status).toBe(503);
  expect((await fetch(`${api.url}/ext/observability/metrics`)).status).toBe(200);
});
