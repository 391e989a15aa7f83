import { afterEach, beforeEach, expect, test } from 'vitest';
import { metricOf } from '../support/extensions.ts';
import { type PluginFolder, pluginFolder, pluginOf, pluginsOf } from '../support/plugins.ts';
import { listen, startServer } from '../support/server.ts';
import { type ServerProcess, spawnServer } from '../support/server-process.ts';
import { newPlace, type TestPlace } from '../support/stores.ts';

let place: TestPlace;
let folder: PluginFolder;
const ends: (() => Promise<unknown>)[] = [];

const settings = (active: string, more: Record<string, string> = {}) => ({
  ORDINAUT_PLUGINS_DIR: folder.path,
  ORDINAUT_ACTIVE_PLUGINS: active,
  ...more,
});
async function start(active: string, more: Record<string, string> = {}) {
  const api = await startServer(place, { environment: settings(active, more) });
  ends.push(() => api.server.stop());
  return api;
}
async function spawn(active: string, more: Record<string, string> = {}): Promise<ServerProcess> {
  const api = await spawnServer(place, settings(active, more));
  ends.push(async () => {
    if (api.child.exitCode === null && api.child.signalCode === null) await api.end();
  });
  return api;
}
/** Where plugins of a test send what they have heard. */
async function listener() {
  const heard: { path: string; body: unknown }[] = [];
  const waiting = new Set<() => void>();
  const { url, close } = await listen((request, response) => {
    heard.push({ path: request.url ?? '', body: request.text === '' ? null : JSON.parse(request.text) });
    response.end();
    for (const look of waiting) look();
  });
  ends.push(close);
  const count = (wanted: number): Promise<void> =>
    new Promise((resolve) => {
      const look = () => {
        if (heard.length < wanted) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return { url, heard, count };
}
const configOf = (configs: Record<string, Record<string, unknown>>) => ({
  ORDINAUT_PLUGIN_CONFIG: JSON.stringify(configs),
});

beforeEach(async () => {
  place = await newPlace('sqlite');
  folder = pluginFolder();
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  folder.remove();
  await place.remove();
});

test('every initialize() comes before every start(), in the order of the setting; close() in the reverse order', async () => {
  const peer = await listener();
  for (const name of ['first', 'second'])
    folder.write(
      name,
      `export class P extends BaseBackgroundPlugin {
        say(what: string) { return this.app.http.request(this.app.config.url + '/${name}/' + what); }
        async initialize() { await this.say('initialize'); }
        async start() { await this.say('start'); }
        async close() { await this.say('close'); }
      }`,
    );
  const config = configOf({ first: { url: peer.url }, second: { url: peer.url } });
  const { server } = await start('["second", "first"]', config);
  await server.stop();
  expect(peer.heard.map(({ path }) => path)).toEqual([
    '/second/initialize',
    '/first/initialize',
    '/second/start',
    '/first/start',
    '/first/close',
    '/second/close',
  ]);
});

test('GET /plugins tells name, kind, classes, event and state of each', async () => {
  folder.write('sender', 'export class S extends BaseEventSendingPlugin { sendEvents() {} }');
  folder.write(
    'both/index',
    `export class Points extends BaseRequestMonitoringPlugin { flushPointToMonitoring() {} }
     export class Work extends BaseBackgroundPlugin { initialize() { this.addRoute('/now', () => ({ body: 1 }), { methods: ['get'] }); } }
     export { Points as Again };`,
  );
  folder.write(
    'parts',
    `export abstract class Base extends BaseEventSendingPlugin { abstract more(): void; }
     export class Mine extends Base { more() {} sendEvents() {} }`,
  );
  folder.write('fails', "export class F extends BaseBackgroundPlugin { initialize() { throw new Error('no key'); } }");
  const api = await start('sender,both,parts,fails');
  const metrics = {
    handled_total: 0,
    failed_total: 0,
    retried_total: 0,
    dropped_total: 0,
    requests_total: 0,
    requests_failed_total: 0,
    crashes_total: 0,
    queued: 0,
  };
  expect(await pluginsOf(api)).toEqual([
    { name: 'sender', kind: 'sending', status: 'running', classes: ['S'], event: 'sending_event', routes: [], metrics },
    {
      name: 'both',
      kind: 'mixed',
      status: 'running',
      classes: ['Points', 'Work'],
      event: 'monitoring_event',
      routes: ['GET /plugins/both/now'],
      metrics: expect.objectContaining({ dropped_total: 0 }),
    },
    {
      name: 'parts',
      kind: 'sending',
      status: 'running',
      classes: ['Mine'],
      event: 'sending_event',
      routes: [],
      metrics,
    },
    {
      name: 'fails',
      kind: 'background',
      status: 'failed',
      classes: ['F'],
      event: null,
      error: 'no key',
      routes: [],
      metrics,
    },
  ]);
  expect(await metricOf(api, 'plugin_up{plugin="sender"}')).toBe(1);
  expect(await metricOf(api, 'plugin_up{plugin="fails"}')).toBe(0);
});

test.each([
  ['sende', 'There is no plugin sende in .*Did you mean sender'],
  ['../sender', '"../sender" is no name of a plugin'],
  ['empty', 'empty.ts exports no plugin class. Write: export class'],
  ['abstract', 'abstract.ts has only abstract plugin classes: A must have sendEvents()'],
  ['nameless', 'N has no eventName'],
  ['broken', 'broken.ts:2:\\d+ - '],
  ['late', 'L.initialize\\(\\) did not end within 10 s'],
])(
  '%s is failed with its reason, and the others run',
  async (name, reason) => {
    folder.write('sender', 'export class S extends BaseEventSendingPlugin { sendEvents() {} }');
    folder.write('empty', 'export const nothing = 1;');
    folder.write('abstract', 'export abstract class A extends BaseEventSendingPlugin {}');
    folder.write('nameless', 'export class N extends BaseEventPlugin { handleEvent() {} }');
    folder.write('broken', 'export class {');
    folder.write(
      'late',
      'export class L extends BaseBackgroundPlugin { initialize() { return new Promise(() => {}); } }',
    );
    const api = await start(`${name},sender`);
    const [first, second] = await pluginsOf(api);
    expect(first).toMatchObject({ status: 'failed', error: expect.stringMatching(new RegExp(reason)) });
    expect(second).toMatchObject({ name: 'sender', status: 'running' });
  },
  20_000,
);

test('with ORDINAUT_PLUGINS_MUST_LOAD a plugin that fails stops the start', async () => {
  folder.write('fails', "export class F extends BaseBackgroundPlugin { initialize() { throw new Error('no key'); } }");
  await expect(start('fails', { ORDINAUT_PLUGINS_MUST_LOAD: '1' })).rejects.toThrow(
    'The plugin fails cannot run: no key\nORDINAUT_PLUGINS_MUST_LOAD asks for all of them.',
  );
});

test('a monitoring plugin gets the points of every request, also of extensions and of those that fail', async () => {
  const peer = await listener();
  folder.write(
    'points',
    `export class P extends BaseRequestMonitoringPlugin {
      async flushPointToMonitoring(point) { await this.app.http.request(this.app.config.url, { json: point }); }
    }`,
  );
  const api = await start('points', configOf({ points: { url: peer.url } }));
  const before = Date.now() / 1000;
  await api.call('GET', '/tasks?limit=1', undefined, { 'x-request-id': 'mine' });
  await api.call('GET', '/tasks/nothing');
  await api.call('GET', '/nowhere');
  await fetch(`${api.url}/ext/observability/metrics`).then((answer) => answer.text());
  await api.call('GET', '/ext/nobody/here');
  await peer.count(8);
  const bodies = peer.heard.map(
    ({ body }) => body as { series: string; eventTime: number; tags: object; fields: object },
  );
  const points = bodies.map(({ series, tags }) => ({ series, ...tags }));
  const tags = (route: string, status_code: number) => ({ service: 'ordinaut', route, status_code });
  expect(points).toEqual(
    expect.arrayContaining([
      { series: 'requests', ...tags('GET:/tasks', 200) },
      { series: 'requests', ...tags('GET:/tasks/{id}', 400) },
      { series: 'errors', ...tags('GET:/tasks/{id}', 400), error_code: 'bad_request' },
      { series: 'requests', ...tags('GET:unknown', 404) },
      { series: 'errors', ...tags('GET:unknown', 404), error_code: 'not_found' },
      { series: 'requests', ...tags('GET:/ext/observability/metrics', 200) },
      { series: 'requests', ...tags('GET:/ext/{id}', 404) },
      { series: 'errors', ...tags('GET:/ext/{id}', 404), error_code: 'not_found' },
    ]),
  );
  expect(points.length).toBe(8);
  const first = bodies.find(({ fields }) => (fields as { request_id: string }).request_id === 'mine')!;
  expect(first.fields).toEqual({ request_id: 'mine', execution_time: expect.any(Number) });
  expect(first.eventTime).toBeGreaterThanOrEqual(before - 0.1);
  expect(first.eventTime).toBeLessThanOrEqual(Date.now() / 1000);
});

test('an event plugin of a topic hears of events of the log, and one that throws hears of them again', async () => {
  const peer = await listener();
  folder.write(
    'told',
    `let calls = 0;
     export class T extends BaseEventPlugin<'task.created'> {
      readonly eventName = 'task.created';
      async handleEvent(event) {
        if (++calls === 1) throw new Error('not yet');
        await this.app.http.request(this.app.config.url, { json: { topic: event.topic, id: event.data.task_id } });
      }
    }`,
  );
  const api = await start('told', configOf({ told: { url: peer.url } }));
  const task = await api.createTask({ payload: { pipeline: [{ id: 'a', uses: 'core.echo', with: {} }] } });
  await peer.count(1);
  expect(peer.heard[0]!.body).toEqual({ topic: 'task.created', id: task.id });
  expect((await pluginOf(api, 'told')).metrics).toMatchObject({ failed_total: 1 });
});

test('plugins publish events, subscribe, and reach each other', async () => {
  const peer = await listener();
  folder.write(
    'source',
    `export class Source extends BaseBackgroundPlugin {
      async start() { await this.app.events.publish('orders.new', { number: 7 }); }
      double(value: number) { return value * 2; }
    }`,
  );
  folder.write(
    'sink',
    `export class Sink extends BaseBackgroundPlugin {
      async initialize() {
        await this.app.events.subscribe('orders.*', async (event) => {
          const doubled = this.app.plugin('Source').double(event.data.number);
          await this.app.http.request(this.app.config.url, { json: { source: event.source, doubled } });
        });
      }
      async start() {
        await this.app.events.publish('run.failed', {}).catch((error) => this.app.http.request(this.app.config.url, { json: error.message }));
      }
    }`,
  );
  await start('source,sink', configOf({ sink: { url: peer.url } }));
  await peer.count(2);
  expect(peer.heard.map(({ body }) => body)).toEqual(
    expect.arrayContaining([
      { source: 'plugin.source', doubled: 14 },
      'topic: is "run.failed"; topics under run. are published by the server alone',
    ]),
  );
});

test('at the stop everything that is queued is still handled, by all plugins at the same time', async () => {
  const peer = await listener();
  for (const name of ['slow', 'slower'])
    folder.write(
      name,
      `export class P extends BaseRequestMonitoringPlugin {
        async flushPointToMonitoring(point) {
          await new Promise((resolve) => setTimeout(resolve, 100));
          await this.app.http.request(this.app.config.url, { json: point.tags });
        }
      }`,
    );
  const api = await start('slow,slower', configOf({ slow: { url: peer.url }, slower: { url: peer.url } }));
  await Promise.all(Array.from({ length: 50 }, () => api.call('GET', '/tasks')));
  await api.server.stop();
  expect(peer.heard.length).toBe(100);
});

test('a plugin that hangs delays no answer and no other plugin', async () => {
  const peer = await listener();
  folder.write(
    'stuck',
    'export class S extends BaseRequestMonitoringPlugin { flushPointToMonitoring() { return new Promise(() => {}); } }',
  );
  folder.write(
    'throws',
    "export class T extends BaseRequestMonitoringPlugin { flushPointToMonitoring() { throw new Error('never'); } }",
  );
  folder.write(
    'works',
    `export class W extends BaseRequestMonitoringPlugin {
      async flushPointToMonitoring(point) { await this.app.http.request(this.app.config.url, { json: point.tags }); }
    }`,
  );
  const api = await spawn('stuck,throws,works', configOf({ works: { url: peer.url } }));
  for (let request = 0; request < 100; request += 1) expect((await api.call('GET', '/tasks')).status).toBe(200);
  await peer.count(100);
  const { metrics } = await pluginOf(api, 'throws');
  expect(metrics.failed_total).toBeGreaterThanOrEqual(100);
  expect((await pluginOf(api, 'stuck')).metrics.queued).toBeGreaterThanOrEqual(100);
  api.child.kill('SIGKILL');
});

test('what escapes a plugin is counted on it; the third time it is failed, and the server goes on', async () => {
  folder.write(
    'leaky',
    `export class L extends BaseBackgroundPlugin {
      initialize() {
        this.addRoute('/leak', () => { setTimeout(() => { throw new Error('leaked'); }, 1); return { body: 'ok' }; }, { methods: ['post'] });
      }
    }`,
  );
  const api = await spawn('leaky');
  for (let crash = 1; crash <= 3; crash += 1) {
    expect((await api.call('POST', '/plugins/leaky/leak').catch(() => null))?.status ?? 200).toBe(200);
    await api.logged(({ msg }) => msg?.startsWith('an error of a plugin that nothing caught') ?? false);
  }
  await api.logged(({ msg }) => msg?.startsWith('a plugin has failed') ?? false);
  expect(await pluginOf(api, 'leaky')).toMatchObject({
    status: 'failed',
    error: 'It crashed three times within five minutes; the last time: leaked',
    metrics: { crashes_total: 3 },
  });
  expect(await api.call('POST', '/plugins/leaky/leak')).toMatchObject({
    status: 503,
    body: { error: 'unavailable', message: 'The plugin leaky does not run.' },
  });
});

test('a plugin that blocks the event loop is named with its line', async () => {
  folder.write(
    'blocker',
    `export class B extends BaseBackgroundPlugin {
      initialize() {
        this.addRoute('/block', () => { const end = Date.now() + 900; while (Date.now() < end); return { body: 'done' }; }, { methods: ['get'] });
      }
    }`,
  );
  const api = await spawn('blocker');
  const told = api.logged(({ msg }) => msg === 'a plugin blocked the event loop');
  let isTold = false;
  void told.then(() => {
    isTold = true;
  });
  // On a machine that is busy the watchdog may itself come too late to see one.
  while (!isTold) await fetch(`${api.url}/plugins/blocker/block`).then((answer) => answer.text());
  const entry = await told;
  expect(entry.plugin).toBe('blocker');
  expect(entry.where).toMatch(/blocker\.ts:4:\d+/);
});

test('a plugin that ends the process while it starts is left out of the next start', async () => {
  folder.write('deadly', 'export class D extends BaseBackgroundPlugin { initialize() { process.exit(7); } }');
  await expect(spawn('deadly')).rejects.toThrow();
  const api = await spawn('deadly');
  expect(await pluginOf(api, 'deadly')).toMatchObject({
    status: 'failed',
    error: 'Its code ended the process with process.exit(). It is left out of this start; the next one tries it again.',
  });
});

test('two classes that hear of one topic hear of every event, and so do two subscriptions with one pattern', async () => {
  const peer = await listener();
  const say = (who: string) =>
    `this.app.http.request(this.app.config.url, { json: { who: '${who}', number: event.data.number } })`;
  folder.write(
    'twins',
    `export class A extends BaseEventPlugin<never> { readonly eventName = 'orders.new' as never; handleEvent(event) { return ${say('A')}; } }
     export class B extends BaseEventPlugin<never> { readonly eventName = 'orders.new' as never; handleEvent(event) { return ${say('B')}; } }
     export class C extends BaseBackgroundPlugin {
       async initialize() {
         await this.app.events.subscribe('orders.*', (event) => ${say('first')});
         await this.app.events.subscribe('orders.*', (event) => ${say('second')});
       }
     }`,
  );
  const api = await start('twins', configOf({ twins: { url: peer.url } }));
  for (const number of [1, 2, 3]) await api.call('POST', '/events', { topic: 'orders.new', payload: { number } });
  await peer.count(12);
  const heard = Map.groupBy(peer.heard, ({ body }) => (body as { who: string }).who);
  expect([...heard.keys()].sort()).toEqual(['A', 'B', 'first', 'second']);
  for (const of of heard.values()) expect(of.map(({ body }) => (body as { number: number }).number)).toEqual([1, 2, 3]);
});

test('a handler that never ends does not hold up the stop of the server', async () => {
  const peer = await listener();
  folder.write(
    'hangs',
    `export class H extends BaseBackgroundPlugin {
       async initialize() {
         await this.app.events.subscribe('orders.*', async () => {
           await this.app.http.request(this.app.config.url);
           await new Promise(() => {});
         });
       }
       close() { return this.app.http.request(this.app.config.url + '/closed'); }
     }`,
  );
  const api = await start('hangs', configOf({ hangs: { url: peer.url } }));
  await api.call('POST', '/events', { topic: 'orders.new', payload: {} });
  await peer.count(1);
  await api.server.stop();
  expect(peer.heard.at(-1)?.path).toBe('/closed');
}, 40_000);

test('one that crashes too often while it starts stays failed, hears nothing, and its class is not given to others', async () => {
  const peer = await listener();
  folder.write(
    'falls',
    `export class F extends BaseBackgroundPlugin {
       async start() {
         for (let crash = 0; crash < 3; crash += 1) setTimeout(() => { throw new Error('fell ' + crash); });
         await new Promise((resolve) => setTimeout(resolve, 200));
         await this.app.events.subscribe('orders.*', () => this.app.http.request(this.app.config.url));
       }
     }`,
  );
  folder.write(
    'looks',
    `export class L extends BaseBackgroundPlugin {
       initialize() { this.addRoute('/found', () => ({ body: this.app.plugin('F') === null ? 'none' : 'one' }), { methods: ['get'] }); }
     }`,
  );
  const api = await spawn('falls,looks', configOf({ falls: { url: peer.url } }));
  expect(await pluginOf(api, 'falls')).toMatchObject({ status: 'failed', metrics: { crashes_total: 3 } });
  expect(await fetch(`${api.url}/plugins/looks/found`).then((answer) => answer.text())).toBe('none');
  await api.call('POST', '/events', { topic: 'orders.new', payload: {} });
  expect((await fetch(`${api.url}/health/live`)).status).toBe(200);
  expect(peer.heard).toEqual([]);
});

test('routes that are the same fail their plugin and nothing else', async () => {
  folder.write(
    'same',
    `export class S extends BaseBackgroundPlugin { initialize() { this.addRoute('/a/:x', () => ({}), { methods: ['get'] }); } }
     export class T extends BaseBackgroundPlugin { initialize() { this.addRoute('/a/:y', () => ({}), { methods: ['get'] }); } }`,
  );
  const api = await start('same');
  expect(await pluginOf(api, 'same')).toMatchObject({
    status: 'failed',
    error: 'The routes /a/:x and /a/:y are the same for GET.',
  });
});

test('in safe mode no plugin is started', async () => {
  folder.write('sender', 'export class S extends BaseEventSendingPlugin { sendEvents() {} }');
  expect(await pluginsOf(await start('sender', { ORDINAUT_SAFE_MODE: '1' }))).toEqual([]);
});
