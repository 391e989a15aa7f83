import { expect, test } from 'vitest';
import {
  AbortedError,
  type ClientEvent,
  isOrdinautError,
  OrdinautClient,
  PartialOutageError,
  UnavailableError,
} from '../src/index.ts';
import { mode, publication } from './support/answers.ts';
import { closedPort, startProbe } from './support/probe-server.ts';
import { ShiftedClock } from './support/shifted-clock.ts';
import { thrownBy } from './support/thrown-by.ts';

const quick = { baseMs: 1, maxMs: 2 };
const topics = { items: [], total: 0 };

test('503 of one dependency is tried three times, and called an outage of that dependency', async () => {
  await using server = await startProbe((probe) =>
    probe.path.startsWith('/events')
      ? probe.fail(503, 'unavailable', {}, { dependency: 'redis' })
      : probe.json(200, mode),
  );
  const client = new OrdinautClient({ baseUrl: server.url, retry: quick });
  const error = await thrownBy(client.events.topics());
  expect(server.requests).toHaveLength(3);
  expect(error).toBeInstanceOf(PartialOutageError);
  expect(error).toBeInstanceOf(UnavailableError);
  expect(error).toMatchObject({
    affected: { host: server.host, dependency: 'redis' },
    status: 503,
    attempts: { length: 3 },
    retryable: true,
  });
  expect(JSON.parse(JSON.stringify(error)).affected).toEqual({ host: server.host, dependency: 'redis' });
  // The rest works.
  await client.system.mode();
});

test('after five failures in a row nothing is sent for a while, then a probe, and all is well again', async () => {
  let isDown = true;
  await using server = await startProbe((probe) =>
    probe.path.startsWith('/events') && isDown
      ? probe.fail(503, 'unavailable')
      : probe.json(200, probe.path === '/events/topics' ? topics : mode),
  );
  const clock = new ShiftedClock();
  const events: unknown[] = [];
  const observe = (event: ClientEvent) =>
    void (event.type === 'circuit' && events.push([event.affected.dependency, event.state]));
  const client = new OrdinautClient({
    baseUrl: server.url,
    retry: quick,
    clock,
    observers: [{ observe }],
    random: () => 0.5,
  });
  await expect(client.events.topics()).rejects.toThrow(PartialOutageError);
  await expect(client.events.topics()).rejects.toThrow(PartialOutageError);
  expect(server.requests).toHaveLength(5);
  const refused = await thrownBy(client.events.topics());
  expect(refused).toMatchObject({ kind: 'partial_outage', status: null, attempts: [] });
  expect(isOrdinautError(refused) && refused.retryAfterMs).toBeGreaterThan(0);
  expect(server.requests).toHaveLength(5);
  expect(client.stats().circuits).toMatchObject([{ dependency: 'events', state: 'open', failures: 5 }]);
  // Other resources are let through.
  await client.system.mode();
  expect(server.requests).toHaveLength(6);

  clock.pass(1000);
  await expect(client.events.topics()).rejects.toThrow(PartialOutageError);
  expect(server.requests).toHaveLength(7);

  isDown = false;
  clock.pass(1000);
  await expect(client.events.topics()).rejects.toThrow('Nothing was sent');
  clock.pass(1000);
  await client.events.topics();
  await client.events.topics();
  expect(server.requests).toHaveLength(9);
  expect(client.stats().circuits).toEqual([]);
  expect(events).toEqual([
    ['events', 'open'],
    ['events', 'half_open'],
    ['events', 'open'],
    ['events', 'half_open'],
    ['events', 'closed'],
  ]);
});

test('while one probe is under way the others are refused', async () => {
  let release = () => {};
  let isDown = true;
  await using server = await startProbe((probe) => {
    if (isDown) return probe.fail(503, 'unavailable');
    release = () => probe.json(200, topics);
  });
  const clock = new ShiftedClock();
  const client = new OrdinautClient({ baseUrl: server.url, clock, circuit: { failures: 1 }, retry: { attempts: 1 } });
  await expect(client.events.topics()).rejects.toThrow(UnavailableError);
  isDown = false;
  clock.pass(1000);
  const probe = client.events.topics().withResponse();
  await server.arrived(2);
  await expect(client.events.topics()).rejects.toThrow('Nothing was sent');
  release();
  await probe;
  expect(client.stats().circuits).toEqual([]);
});

test('a probe that takes long holds up nobody: another goes when the time of an opening is over', async () => {
  await using server = await startProbe((probe) => {
    if (probe.number === 1) probe.fail(503, 'unavailable');
    else if (probe.number > 2) probe.json(200, topics);
  });
  const clock = new ShiftedClock();
  const client = new OrdinautClient({ baseUrl: server.url, clock, circuit: { failures: 1 }, retry: { attempts: 1 } });
  await expect(client.events.topics()).rejects.toThrow(UnavailableError);
  clock.pass(1000);
  const slow = thrownBy(client.events.topics());
  await server.arrived(2);
  const refused = await thrownBy(client.events.topics());
  expect(isOrdinautError(refused) && refused.retryAfterMs).toBeGreaterThan(0);
  expect(client.stats().circuits).toMatchObject([{ state: 'half_open' }]);
  clock.pass(1000);
  await client.events.topics();
  expect(client.stats().circuits).toEqual([]);
  client.close();
  expect(await slow).toBeInstanceOf(AbortedError);
});

test('a probe that fails late does not open again what another has closed or asks for', async () => {
  const failing: (() => void)[] = [];
  await using server = await startProbe((probe) => {
    const fail = () => probe.fail(503, 'unavailable');
    if (probe.number === 1) fail();
    else failing.push(fail);
  });
  const clock = new ShiftedClock();
  const client = new OrdinautClient({
    baseUrl: server.url,
    clock,
    circuit: { failures: 1 },
    retry: { attempts: 1 },
    random: () => 0.99,
  });
  await expect(client.events.topics()).rejects.toThrow(UnavailableError);
  clock.pass(1000);
  const first = thrownBy(client.events.topics());
  await server.arrived(2);
  clock.pass(1000);
  const second = thrownBy(client.events.topics());
  await server.arrived(3);
  failing[0]?.();
  await first;
  expect(client.stats().circuits).toMatchObject([{ state: 'half_open' }]);
  failing[1]?.();
  await second;
  const [circuit] = client.stats().circuits;
  expect(circuit).toMatchObject({ state: 'open', failures: 3 });
  // Doubled once, for the one that counts.
  expect(circuit?.retryAfterMs).toBeLessThanOrEqual(2000);
  expect(circuit?.retryAfterMs).toBeGreaterThan(1000);
});

test('a probe that is given up leaves the way free for the next', async () => {
  let isDown = true;
  await using server = await startProbe((probe) => {
    if (isDown) probe.fail(503, 'unavailable');
    else if (probe.number > 2) probe.json(200, topics);
  });
  const clock = new ShiftedClock();
  const client = new OrdinautClient({ baseUrl: server.url, clock, circuit: { failures: 1 }, retry: { attempts: 1 } });
  await expect(client.events.topics()).rejects.toThrow(UnavailableError);
  isDown = false;
  clock.pass(1000);
  const controller = new AbortController();
  const probe = thrownBy(client.events.topics({ signal: controller.signal }));
  await server.arrived(2);
  controller.abort();
  expect(await probe).toBeInstanceOf(AbortedError);
  await client.events.topics();
  expect(server.requests).toHaveLength(3);
});

test('Retry-After keeps a circuit open for as long as it says', async () => {
  await using server = await startProbe((probe) => probe.fail(503, 'unavailable', { 'retry-after': '20' }));
  const client = new OrdinautClient({ baseUrl: server.url, circuit: { failures: 1 }, retry: { attempts: 1 } });
  await expect(client.events.publish({ topic: 'a.b' })).rejects.toMatchObject({ retryAfterMs: 20_000 });
  const refused = await thrownBy(client.events.publish({ topic: 'a.b' }));
  expect(isOrdinautError(refused) && refused.retryAfterMs).toBeGreaterThan(19_000);
});

test('where nothing answers, everything of the host is affected', async () => {
  const port = await closedPort();
  const client = new OrdinautClient({ baseUrl: `http://127.0.0.1:${port}`, retry: quick });
  const errors = [];
  for (let call = 0; call < 3; call += 1) errors.push(await thrownBy(client.system.mode()));
  expect(errors[0]).toMatchObject({ kind: 'connection' });
  expect(errors[2]).toMatchObject({
    kind: 'partial_outage',
    affected: { host: `127.0.0.1:${port}`, dependency: null },
  });
  await expect(client.events.topics()).rejects.toThrow('Nothing was sent');
});

test('an extension that is out is no outage of the others', async () => {
  await using server = await startProbe((probe) =>
    probe.path.startsWith('/ext/slow')
      ? probe.fail(503, 'unavailable', {}, { extension_id: 'slow' })
      : probe.json(200, publication),
  );
  const client = new OrdinautClient({ baseUrl: server.url, circuit: { failures: 1 }, retry: { attempts: 1 } });
  expect((await client.fetch('/ext/slow/hello')).status).toBe(503);
  await expect(client.fetch('/ext/slow/hello')).rejects.toMatchObject({ affected: { dependency: 'ext:slow' } });
  expect((await client.fetch('/ext/fast/hello')).status).toBe(200);
});

test('a tool or an extension that is out is no outage of the others', async () => {
  await using server = await startProbe((probe) =>
    probe.path.includes('/bad')
      ? probe.fail(503, 'unavailable', {}, { extension_id: 'bad' })
      : probe.json(200, probe.path === '/tools' ? topics : {}),
  );
  const client = new OrdinautClient({
    baseUrl: server.url,
    circuit: { failures: 1 },
    retry: { attempts: 1 },
    validation: { responses: 'off' },
  });
  await expect(client.tools.call('bad', {})).rejects.toMatchObject({ status: 503 });
  await expect(client.tools.call('bad', {})).rejects.toMatchObject({ affected: { dependency: 'ext:bad' } });
  await client.tools.list();
  await client.tools.call('good', {});
  await expect(client.extensions.health('bad')).rejects.toMatchObject({ status: 503 });
  await client.extensions.status();
  await client.extensions.health('good');
  expect(server.requests).toHaveLength(6);
});

test('a tool whose server does not say what is missing is out alone', async () => {
  await using server = await startProbe((probe) => probe.fail(503, 'unavailable'));
  const client = new OrdinautClient({ baseUrl: server.url, circuit: { failures: 1 }, retry: { attempts: 1 } });
  await expect(client.tools.call('bad', {})).rejects.toMatchObject({ status: 503 });
  expect(client.stats().circuits).toMatchObject([{ dependency: 'tools:bad', state: 'open' }]);
});

test('a circuit that opens between two attempts says that something was sent, and what came of it', async () => {
  await using server = await startProbe((probe) => probe.fail(503, 'unavailable'));
  const client = new OrdinautClient({ baseUrl: server.url, circuit: { failures: 2 }, retry: quick });
  const error = await thrownBy(client.events.publish({ topic: 'a.b' }));
  expect(server.requests).toHaveLength(2);
  expect(error).toMatchObject({
    message: expect.stringMatching(/^Not sent again: "events" of .* failed 2 times in a row/),
    kind: 'partial_outage',
    attempts: { length: 2 },
    cause: { kind: 'unavailable', requestId: 'r-2' },
  });
  const next = await thrownBy(client.events.publish({ topic: 'a.b' }));
  expect(next).toMatchObject({ message: expect.stringMatching(/^Nothing was sent: /), attempts: [] });
  expect(Object(next).cause).toBeUndefined();
});

test('a circuit whose dependency is no longer named is not kept', async () => {
  let dependency = 'database';
  await using server = await startProbe((probe) => probe.fail(503, 'unavailable', {}, { dependency }));
  const clock = new ShiftedClock();
  const client = new OrdinautClient({ baseUrl: server.url, clock, circuit: { failures: 1 }, retry: { attempts: 1 } });
  await expect(client.events.topics()).rejects.toThrow(UnavailableError);
  dependency = 'redis';
  clock.pass(1000);
  await expect(client.events.topics()).rejects.toThrow(UnavailableError);
  expect(client.stats().circuits).toMatchObject([{ dependency: 'redis', state: 'open' }]);
});

test('a Retry-After of days keeps a circuit open for ten minutes', async () => {
  await using server = await startProbe((probe) => probe.fail(503, 'unavailable', { 'retry-after': '864000' }));
  const client = new OrdinautClient({ baseUrl: server.url, circuit: { failures: 1 }, retry: { attempts: 1 } });
  await expect(client.events.topics()).rejects.toMatchObject({ retryAfterMs: 864_000_000 });
  expect(client.stats().circuits[0]?.retryAfterMs).toBeLessThanOrEqual(600_000);
  expect(client.stats().circuits[0]?.retryAfterMs).toBeGreaterThan(599_000);
});
