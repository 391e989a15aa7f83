import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Capability } from '../src/index.ts';
import { startTestHost } from '../src/testing.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ordinaut-kit-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(body: string, grants: readonly Capability[], contributes: object = {}): void {
  const manifest = { id: 'mine', version: '1.0.0', apiVersion: 1, grants, contributes };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'extension.json'), JSON.stringify(manifest));
  writeFileSync(
    join(folder, 'extension.ts'),
    `import { get } from 'node:http';\nimport { defineExtension } from '@ordinaut/kit';\nexport default defineExtension({ async setup(ctx) { ${body} } });\n`,
  );
}

test('an extension is asked, called, told events, and what it publishes is seen', async () => {
  write(
    `ctx.routes.post('/echo', async (request) => request.body);
     ctx.tools.register('double', async ({ n }) => n * 2);
     await ctx.events.subscribe('order.*', (event) => ctx.events.publish('mine.seen', event.data));`,
    ['ROUTES', 'TOOLS', 'EVENTS_PUB', 'EVENTS_SUB'],
    {
      tools: [{ name: 'double', description: 'Doubles.', inputSchema: { type: 'object', required: ['n'] } }],
      events: { publish: ['mine.*'], subscribe: ['order.*'] },
    },
  );
  const host = await startTestHost({ extensions: [folder], config: {} });
  const answer = await host.inject('POST', '/ext/mine/echo', { a: 1 });
  expect([answer.status, answer.body]).toEqual([200, { a: 1 }]);
  expect(await host.callTool('ext.mine.double', { n: 21 })).toBe(42);
  await expect(host.callTool('ext.mine.double', {})).rejects.toThrow('n is required');
  await host.publish('order.paid', { order: 7 });
  let published = await host.published();
  while (published.length === 0) published = await host.published();
  expect(published).toEqual([
    expect.objectContaining({
      topic: 'mine.seen',
      data: { order: 7 },
      source: 'ext.mine',
      stream: 'ext:mine:events:mine.seen',
    }),
  ]);
  expect((await host.status()).extensions.mine?.effects?.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['routes', 'tool', 'subscription']),
  );
  await host.close();
});

test('what an extension leaves behind is told when the host is closed', async () => {
  write("globalThis.leakOfTest = setInterval(() => {}, 1000); ctx.routes.get('/x', async () => 1);", ['ROUTES']);
  const host = await startTestHost({ extensions: [folder] });
  await host.inject('GET', '/ext/mine/x');
  await expect(host.close()).rejects.toThrow(/timer made at .*extension\.ts:3:\d+/);
  clearInterval((globalThis as unknown as { leakOfTest: NodeJS.Timeout }).leakOfTest);

  write("ctx.setInterval(() => {}, 1000); ctx.routes.get('/x', async () => 1);", ['ROUTES']);
  const clean = await startTestHost({ extensions: [folder] });
  await clean.inject('GET', '/ext/mine/x');
  await clean.close();
});

test('what Node and the test keep for themselves is not held against the extension', async () => {
  write(
    `ctx.routes.get('/sent', async (request, reply) => reply.send({ sent: true }));
     ctx.routes.get('/fetched', async () => (await fetch(ctx.config.url)).status);
     ctx.routes.get('/got', (_request, reply) => void get(ctx.config.url, (answer) => answer.resume().on('end', () => reply.send({}))));
     ctx.routes.get('/ws', { websocket: true }, (socket) => socket.send('hello'));`,
    ['ROUTES'],
  );
  const other = createServer((_request, response) => response.end('ok'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  const host = await startTestHost({ extensions: [folder], config: { mine: { url } } });
  // The first answer of a second makes Node remember its date.
  for (let count = 0; count < 3; count += 1) {
    await host.inject('GET', '/ext/mine/sent');
    expect((await host.inject('GET', '/ext/mine/fetched')).body).toBe(200);
    expect((await host.inject('GET', '/ext/mine/got')).status).toBe(200);
  }
  const socket = new WebSocket(`${host.url.replace('http', 'ws')}/ext/mine/ws`);
  await new Promise((resolve) => socket.addEventListener('message', resolve, { once: true }));
  socket.close();
  await host.close();
  other.close();
  other.closeAllConnections();
});

test('the use of what is not granted is told, and can be expected', async () => {
  write("ctx.routes.get('/x', async () => ctx.tools.list());", ['ROUTES', 'TOOLS']);
  const grants = { mine: ['ROUTES'] as const };
  const careless = await startTestHost({ extensions: [folder], grants });
  expect((await careless.inject('GET', '/ext/mine/x')).status).toBe(403);
  await expect(careless.close()).rejects.toThrow('mine: TOOLS');

  const careful = await startTestHost({ extensions: [folder], grants });
  await careful.inject('GET', '/ext/mine/x');
  expect(careful.refused).toEqual(['mine: TOOLS']);
  await careful.close();
});

test('a plugin is started, asked and told, and what it leaves behind is named', async () => {
  const write = (close: string) =>
    writeFileSync(
      join(folder, 'ticking.ts'),
      `import { BaseBackgroundPlugin } from '@ordinaut/kit';
       export class Ticking extends BaseBackgroundPlugin {
         timer: NodeJS.Timeout | undefined;
         initialize() { this.addRoute('/unit', () => ({ body: this.app.config.unit }), { methods: ['get'] }); }
         start() { this.timer = setInterval(() => {}, 1000); }
         close() { ${close} }
       }`,
    );
  const start = () =>
    startTestHost({
      plugins: { directory: folder, active: ['ticking'], config: { ticking: { unit: 'seconds' } } },
    });
  write('clearInterval(this.timer);');
  const host = await start();
  expect(await host.inject('GET', '/plugins/ticking/unit')).toMatchObject({ status: 200, body: 'seconds' });
  await host.close();
  write('');
  const forgetful = await start();
  await expect(forgetful.close()).rejects.toThrow(/It has left behind: timer made at .*ticking/);
});
