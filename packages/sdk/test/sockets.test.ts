import { expect, test } from 'vitest';
import { OrdinautClient } from '../src/index.ts';
import { live, mode, RUN_ID, runOf } from './support/answers.ts';
import { type Probe, startProbe } from './support/probe-server.ts';
import { thrownBy } from './support/thrown-by.ts';

/** Answers when so many are waiting for it: all of them at once. */
function together(size: number) {
  const held: Probe[] = [];
  return (probe: Probe) => {
    held.push(probe);
    if (held.length === size) for (const each of held.splice(0)) each.json(200, mode);
  };
}

test('300 calls at once use at most 50 sockets', async () => {
  await using server = await startProbe(together(50));
  const client = new OrdinautClient({ baseUrl: server.url });
  await Promise.all(Array.from({ length: 300 }, () => client.system.mode()));
  expect(server.requests).toHaveLength(300);
  expect(server.sockets).toBeLessThanOrEqual(50);
});

test('the limit can be set', async () => {
  const looked = Promise.withResolvers<void>();
  await using server = await startProbe((probe) => looked.promise.then(() => probe.json(200, mode)));
  const client = new OrdinautClient({ baseUrl: server.url, concurrency: 4 });
  const calls = Array.from({ length: 40 }, () => client.system.mode());
  await server.arrived(4);
  expect(client.stats()).toMatchObject({ inFlight: 4, queued: 36 });
  looked.resolve();
  await Promise.all(calls);
  expect(server.sockets).toBeLessThanOrEqual(4);
  // A place is free a turn after its answer, as its socket is.
  while (client.stats().inFlight > 0) await new Promise(setImmediate);
  expect(client.stats()).toMatchObject({ inFlight: 0, queued: 0 });
});

test('calls one after another keep their connection, also over errors', async () => {
  await using server = await startProbe((probe) =>
    probe.number % 3 === 0 ? probe.fail(404, 'not_found') : probe.json(200, mode),
  );
  const client = new OrdinautClient({ baseUrl: server.url });
  for (let call = 0; call < 30; call += 1) await client.system.mode().catch(() => undefined);
  expect(server.requests).toHaveLength(30);
  expect(server.sockets).toBeLessThanOrEqual(2);
});

test('low calls wait until no foreground call does', async () => {
  const held: Probe[] = [];
  await using server = await startProbe((probe) => void held.push(probe));
  const client = new OrdinautClient({ baseUrl: server.url, concurrency: 1 });
  const first = client.system.mode();
  await server.arrived(1);
  const low = client.system.live({ priority: 'low' });
  const later = client.system.mode();
  const polled = client.poll((options) => client.system.live(options));
  held.shift()?.json(200, mode);
  await server.arrived(2);
  expect(held[0]?.path).toBe('/system/mode');
  held.shift()?.json(200, mode);
  await server.arrived(3);
  expect(held[0]?.path).toBe('/health/live');
  held.shift()?.json(200, live);
  await server.arrived(4);
  held.shift()?.json(200, live);
  await Promise.all([first, low, later, polled]);
});

test('low calls leave half of the places to others', async () => {
  const held: Probe[] = [];
  await using server = await startProbe((probe) => void held.push(probe));
  const client = new OrdinautClient({ baseUrl: server.url, concurrency: 4 });
  const low = Array.from({ length: 6 }, () => client.system.live({ priority: 'low' }));
  await server.arrived(2);
  expect(client.stats()).toMatchObject({ inFlight: 2, queued: 4 });
  const foreground = client.system.mode();
  await server.arrived(3);
  for (let answered = 0; answered < 7; answered += 1) {
    await server.arrived(answered + 1);
    while (held.length === 0) await new Promise((go) => setImmediate(go));
    const probe = held.shift();
    probe?.json(200, probe.path === '/system/mode' ? mode : live);
  }
  await Promise.all([...low, foreground]);
});

test('polls with one key share one request, and what came for as long as they say', async () => {
  await using server = await startProbe((probe) => probe.json(200, runOf('running')));
  const client = new OrdinautClient({ baseUrl: server.url });
  const look = () => client.poll((options) => client.runs.get(RUN_ID, options), { key: 'run' });
  const answers = await Promise.all(Array.from({ length: 20 }, look));
  expect(server.requests).toHaveLength(1);
  expect(new Set(answers).size).toBe(1);
  await look();
  expect(server.requests).toHaveLength(2);

  const remembered = () => client.poll(() => client.runs.get(RUN_ID), { key: 'old', maxAgeMs: 60_000 });
  await remembered();
  await remembered();
  expect(server.requests).toHaveLength(3);
});

test('a poll in the foreground does not wait with one that is low', async () => {
  const held: Probe[] = [];
  await using server = await startProbe((probe) => void held.push(probe));
  const client = new OrdinautClient({ baseUrl: server.url, concurrency: 2 });
  const first = client.system.live({ priority: 'low' });
  await server.arrived(1);
  const ask = (options: object) => client.system.mode(options);
  const low = client.poll(ask, { key: 'mode' });
  const foreground = client.poll(ask, { key: 'mode', priority: 'foreground' });
  const also = client.poll(ask, { key: 'mode', priority: 'foreground' });
  await server.arrived(2);
  held[1]?.json(200, mode);
  expect((await foreground).version).toBe(mode.version);
  expect((await also).version).toBe(mode.version);
  held[0]?.json(200, live);
  await server.arrived(3);
  held[2]?.json(200, mode);
  await Promise.all([first, low]);
  expect(server.requests).toHaveLength(3);
});

test('a poll that has no turn ends with the time of a read', async () => {
  await using server = await startProbe(() => undefined);
  const client = new OrdinautClient({
    baseUrl: server.url,
    concurrency: 1,
    timeouts: { read: { timeoutMs: 100 }, 'system.mode': { timeoutMs: 60_000, attemptTimeoutMs: 60_000 } },
  });
  const busy = thrownBy(client.system.mode());
  await server.arrived(1);
  await expect(client.poll(() => client.system.live())).rejects.toMatchObject({ kind: 'timeout', of: 'call' });
  client.close();
  await busy;
});

test('a poll that fails is asked again by the next, and a caller that leaves does not end it', async () => {
  let isDown = true;
  await using server = await startProbe((probe) =>
    isDown ? probe.fail(404, 'not_found') : probe.json(200, runOf('running')),
  );
  const client = new OrdinautClient({ baseUrl: server.url });
  const ask = (options: object) => client.runs.get(RUN_ID, options);
  await expect(client.poll(ask, { maxAgeMs: 60_000 })).rejects.toThrow('It is not_found.');
  isDown = false;
  const leaving = client.poll(ask, { signal: AbortSignal.abort() });
  const staying = client.poll(ask);
  await expect(leaving).rejects.toThrow('The poll was aborted');
  expect((await staying).status).toBe('running');
  expect(server.requests).toHaveLength(2);
});
