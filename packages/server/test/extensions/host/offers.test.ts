import type { ErrorBody, ToolCallResult, ToolInfo } from '@ordinaut/contract';
import { expect, test } from 'vitest';
import { useExtensions } from '../../support/extension-server.ts';
import { setup, statusOfOne } from '../../support/extensions.ts';

const place = useExtensions();

const forecast = {
  name: 'forecast',
  description: 'Tells the weather of a city.',
  inputSchema: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
  outputSchema: { type: 'object', properties: { sky: { type: 'string' } }, required: ['sky'] },
  annotations: { readOnly: true },
};

test('the tools of an extension that is not loaded are listed, and calling one loads it', async () => {
  place.folder.write('weather', {
    manifest: { grants: ['TOOLS'], contributes: { tools: [forecast] } },
    code: setup(`ctx.tools.register('forecast', async ({ city }) => {
      if (city === 'Atlantis') throw new RequestError('not_found', 'There is no Atlantis.', { city });
      if (city === 'Hell') throw new Error('too hot');
      return city === 'Void' ? {} : { sky: 'clear over ' + city };
    });`),
  });
  const api = await place.start();
  const listed = await api.call<{ items: ToolInfo[] }>('GET', '/tools');
  const tool = listed.body.items.find(({ name }) => name === 'ext.weather.forecast');
  expect(tool).toMatchObject({
    source: 'ext.weather',
    input_schema: forecast.inputSchema,
    annotations: { readOnly: true },
  });
  expect((await statusOfOne(api, 'weather')).state).toBe('discovered');

  const call = async (input: object) => {
    const { body } = await api.call<ToolCallResult>('POST', '/tools/ext.weather.forecast/call', { input });
    return body.success ? body.output : `${body.error?.code}: ${body.error?.message}`;
  };
  expect(await call({ city: 'Bonn' })).toEqual({ sky: 'clear over Bonn' });
  expect((await statusOfOne(api, 'weather')).state).toBe('loaded');
  expect(await call({})).toContain(
    'input_invalid: The input of ext.weather.forecast does not fit its schema: city is required',
  );
  expect(await call({ city: 'Atlantis' })).toBe('not_found: ext.weather.forecast failed: There is no Atlantis.');
  expect(await call({ city: 'Hell' })).toContain('tool_failed');
  expect(await call({ city: 'Void' })).toContain('output_invalid');

  // In a pipeline as any other tool.
  const task = await api.createTask({
    payload: { pipeline: [{ id: 'look', uses: 'ext.weather.forecast', with: { city: 'Köln' }, save_as: 'sky' }] },
  });
  expect(await api.ended(await api.runNow(task.id))).toMatchObject({
    status: 'succeeded',
    output: { sky: 'clear over Köln' },
  });
});

test('tools come and go with the manifest, and one that is not registered says so', async () => {
  const manifest = { grants: ['TOOLS'], contributes: { tools: [forecast] } };
  place.folder.write('weather', { manifest, code: setup('') });
  const api = await place.start();
  const names = async () =>
    (await api.call<{ items: ToolInfo[] }>('GET', '/tools')).body.items
      .map(({ name }) => name)
      .filter((name) => name.startsWith('ext.'));
  const { body } = await api.call<ToolCallResult>('POST', '/tools/ext.weather.forecast/call', { input: { city: 'x' } });
  expect(body.error?.message).toContain('has not registered forecast');
  place.folder.write('weather', {
    manifest: { ...manifest, contributes: { tools: [{ ...forecast, name: 'tides' }] } },
    code: setup("ctx.tools.register('tides', async () => ({ sky: 'low' }));"),
  });
  expect((await api.call('POST', '/ext/weather/reload')).status).toBe(200);
  expect(await names()).toEqual(['ext.weather.tides']);
  await api.call('POST', '/ext/weather/disable');
  expect(await names()).toEqual([]);
  await api.call('POST', '/ext/weather/enable');
  expect(await names()).toEqual(['ext.weather.tides']);
});

test('while an event is handled to its end by the old generation, the tools of the new one are there', async () => {
  const manifest = { grants: ['TOOLS', 'EVENTS_SUB'] };
  const contributes = (name: string) => ({ tools: [{ ...forecast, name }], events: { subscribe: ['order.*'] } });
  place.folder.write('weather', {
    manifest: { ...manifest, contributes: contributes('forecast') },
    code: setup(
      "await ctx.events.subscribe('order.*', () => new Promise((done) => { globalThis.orderDone = done; }));",
    ),
  });
  const api = await place.start();
  await api.call('POST', '/events', { topic: 'order.paid', payload: {} });
  const open = () => (globalThis as unknown as { orderDone?: () => void }).orderDone;
  while (open() === undefined) await new Promise((resolve) => setImmediate(resolve));
  place.folder.write('weather', {
    manifest: { ...manifest, contributes: contributes('tides') },
    code: setup("ctx.tools.register('tides', async () => ({ sky: 'low' }));"),
  });
  const reloaded = api.call('POST', '/ext/weather/reload');
  const call = async () =>
    (await api.call<Partial<ToolCallResult>>('POST', '/tools/ext.weather.tides/call', { input: { city: 'x' } })).body;
  let answer = await call();
  while (answer.output === undefined) answer = await call();
  expect(answer.output).toEqual({ sky: 'low' });
  open()?.();
  expect((await reloaded).status).toBe(200);
});

test('a call that waits for an extension which is disabled meanwhile is told so', async () => {
  place.folder.write('weather', {
    manifest: { grants: ['TOOLS'], contributes: { tools: [forecast] } },
    code: setup(`await new Promise((done) => { globalThis.weatherGo = done; });
      ctx.tools.register('forecast', async () => ({ sky: 'clear' }));`),
  });
  const api = await place.start();
  const call = api.call<ToolCallResult>('POST', '/tools/ext.weather.forecast/call', { input: { city: 'x' } });
  const go = () => (globalThis as unknown as { weatherGo?: () => void }).weatherGo;
  while (go() === undefined) await new Promise((resolve) => setImmediate(resolve));
  const disabled = api.call('POST', '/ext/weather/disable');
  while ((await statusOfOne(api, 'weather')).state !== 'disabled');
  go()?.();
  expect((await call).body.error?.message).toContain('It is disabled');
  expect((await disabled).status).toBe(200);
});

test('an extension calls the tools of the server and gets their errors with the field', async () => {
  place.folder.write('clerk', {
    manifest: { grants: ['ROUTES', 'TOOLS'] },
    code: setup(`
      ctx.routes.post('/call/:tool', async (request) => ({ output: await ctx.tools.call(request.params.tool, request.body) }));
      ctx.routes.get('/tool/:tool', async (request) => ({ tool: await ctx.tools.get(request.params.tool) }));`),
  });
  const api = await place.start();
  const call = (tool: string, body: object) =>
    api.call<ErrorBody & { output: unknown }>('POST', `/ext/clerk/call/${tool}`, body);
  expect((await call('core.echo', { a: 1 })).body).toEqual({ output: { a: 1 } });
  const unknown = await call('core.ecco', {});
  expect([unknown.status, unknown.body.error]).toEqual([404, 'not_found']);
  expect(unknown.body.message).toContain('core.echo');
  const bad = await call('create_task', {
    title: 'x',
    schedule_kind: 'cron',
    schedule_expr: 'nonsense',
    payload: { pipeline: [] },
  });
  expect([bad.status, bad.body.error, bad.body.details]).toEqual([
    400,
    'bad_request',
    expect.objectContaining({ field: 'schedule_expr' }),
  ]);
  expect((await api.call('GET', '/ext/clerk/tool/none')).body).toEqual({ tool: null });
});

test('an event loads the extension that waits for it, and what it publishes goes on', async () => {
  place.folder.write('relay', {
    manifest: {
      grants: ['EVENTS_PUB', 'EVENTS_SUB'],
      contributes: { events: { publish: ['relayed.*'], subscribe: ['order.*'] } },
    },
    code: setup(
      "await ctx.events.subscribe('order.*', async (event) => { await ctx.events.publish('relayed.order', { of: event.topic, ...event.data }); });",
    ),
  });
  const api = await place.start();
  const task = await api.createTask({
    schedule_kind: 'event',
    event_topic: 'relayed.**',
    payload: { pipeline: [{ id: 'keep', uses: 'core.echo', with: { event: '${params.event.payload}' } }] },
  } as Parameters<typeof api.createTask>[0]);
  expect((await statusOfOne(api, 'relay')).state).toBe('discovered');
  const published = await api.call('POST', '/events', { topic: 'order.paid', payload: { order: 7 } });
  expect(published.status).toBe(202);
  const [run] = await api.runsOf(task.id, 1);
  expect((await api.call<{ output: unknown }>('GET', `/runs/${run?.id}`)).body.output).toEqual({
    event: { of: 'order.paid', order: 7 },
  });
  expect((await statusOfOne(api, 'relay')).state).toBe('loaded');
  const metrics = await (await fetch(`${api.url}/ext/observability/metrics`)).text();
  expect(metrics).toMatch(/^event_lag_seconds\{group="ext\.relay:order\.\*"\} \d/m);
});

test('an event that is never handled to its end does not keep the extension from being disabled', {
  timeout: 40_000,
}, async () => {
  place.folder.write('relay', {
    manifest: { grants: ['EVENTS_SUB'], contributes: { events: { subscribe: ['order.*'] } } },
    code: setup(
      "await ctx.events.subscribe('order.*', () => { globalThis.relayBegan = true; return new Promise(() => {}); });",
    ),
  });
  const api = await place.start();
  await api.call('POST', '/events', { topic: 'order.paid', payload: {} });
  while (!('relayBegan' in globalThis)) await new Promise((resolve) => setImmediate(resolve));
  expect((await api.call('POST', '/ext/relay/disable')).status).toBe(200);
  expect((await statusOfOne(api, 'relay')).state).toBe('disabled');
});

test('topics that the manifest does not declare are refused', async () => {
  place.folder.write('loud', {
    manifest: {
      grants: ['ROUTES', 'EVENTS_PUB', 'EVENTS_SUB'],
      contributes: { events: { publish: ['mine.*'], subscribe: ['run.*'] } },
    },
    code: setup(`
      ctx.routes.post('/publish/:topic', async (request) => ({ id: await ctx.events.publish(request.params.topic, {}) }));
      ctx.routes.post('/subscribe/:topic', async (request) => { await ctx.events.subscribe(request.params.topic, () => {}); return {}; });`),
  });
  place.folder.write('deaf', {
    manifest: { grants: ['ROUTES', 'EVENTS_PUB'], contributes: { events: { publish: ['x'] } } },
    code: setup("ctx.routes.get('/subscribe', async () => ctx.events.subscribe('x', () => {}));"),
  });
  const api = await place.start();
  const ask = async (path: string, method = 'POST') => {
    const { status, body } = await api.call<ErrorBody>(method, path);
    return [status, status === 200 ? 'ok' : body.details];
  };
  expect(await ask('/ext/loud/publish/mine.a')).toEqual([200, 'ok']);
  expect(await ask('/ext/loud/publish/other.a')).toEqual([
    403,
    { extension_id: 'loud', topic: 'other.a', declared: ['mine.*'] },
  ]);
  expect(await ask('/ext/loud/subscribe/run.failed')).toEqual([200, 'ok']);
  expect(await ask('/ext/loud/subscribe/task.*')).toEqual([
    403,
    { extension_id: 'loud', topic: 'task.*', declared: ['run.*'] },
  ]);
  expect(await ask('/ext/deaf/subscribe', 'GET')).toEqual([
    403,
    { extension_id: 'deaf', required_capability: 'EVENTS_SUB', granted_capabilities: ['ROUTES', 'EVENTS_PUB'] },
  ]);
});

test('background tasks are restarted when they fail, listed, stopped, and end with the extension', async () => {
  place.folder.write('worker', {
    manifest: { grants: ['ROUTES', 'BACKGROUND_TASKS'], eager: true },
    code: setup(`
      let ticks = 0; let tries = 0; const ended = [];
      globalThis.workerEnded = ended;
      ctx.background.start('flaky', async (signal) => {
        if (++tries === 1) throw new Error('first time');
        await new Promise((done) => signal.addEventListener('abort', done));
        ended.push('flaky');
      });
      ctx.background.start('ticker', async () => { ticks += 1; }, { every: 5 });
      ctx.background.start('once', async () => {});
      const work = (signal) => new Promise((done) => signal.addEventListener('abort', () => setImmediate(() => { ended.push('again'); done(); })));
      ctx.background.start('again', work);
      void ctx.background.stop('again');
      ctx.background.start('again', work);
      ctx.routes.get('/list', async () => ({ tasks: ctx.background.list(), ticks, tries }));
      ctx.routes.post('/stop/:name', async (request) => { await ctx.background.stop(request.params.name); return {}; });
      ctx.routes.post('/twice', async () => { ctx.background.start('ticker', () => {}); });`),
  });
  const api = await place.start();
  type Listed = {
    tasks: { name: string; state: string; failures: number; lastError: string | null }[];
    ticks: number;
    tries: number;
  };
  const list = async () => (await api.call<Listed>('GET', '/ext/worker/list')).body;
  let seen = await list();
  while (seen.tries < 2 || seen.ticks < 3) seen = await list();
  expect(seen.tasks).toEqual([
    expect.objectContaining({ name: 'flaky', state: 'running', failures: 1, lastError: 'first time' }),
    expect.objectContaining({ name: 'ticker', failures: 0 }),
    expect.objectContaining({ name: 'once', state: 'completed' }),
    expect.objectContaining({ name: 'again', state: 'running' }),
  ]);
  expect((await api.call('POST', '/ext/worker/twice')).status).toBe(500);
  expect((await statusOfOne(api, 'worker')).effects?.map(({ label }) => label)).toContain('ticker');
  await api.call('POST', '/ext/worker/stop/ticker');
  expect((await list()).tasks.map(({ name }) => name)).toEqual(['flaky', 'once', 'again']);
  expect((await statusOfOne(api, 'worker')).effects?.map(({ label }) => label)).not.toContain('ticker');
  await api.call('POST', '/ext/worker/disable');
  expect((globalThis as unknown as { workerEnded: string[] }).workerEnded).toEqual(['again', 'again', 'flaky']);
});
