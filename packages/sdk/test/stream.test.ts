import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../src/clock.ts';
import { type ClientEvent, type EventItem, OrdinautClient, PermissionError, type StreamItem } from '../src/index.ts';
import { type Message, MessageParser } from '../src/stream/message-parser.ts';
import { ManualClock } from '../src/testing/manual-clock.ts';
import { RUN_ID, runOf, TokenDoor } from './support/answers.ts';
import { type Probe, startProbe } from './support/probe-server.ts';
import { ShiftedClock } from './support/shifted-clock.ts';
import { thrownBy } from './support/thrown-by.ts';

const quick = { retry: { baseMs: 1, maxMs: 4 } } as const;

const event = (id: string) => ({
  id,
  stream: 'core',
  topic: 'a.b',
  data: null,
  source: null,
  event_id: RUN_ID,
  published_at: '2026-01-01T00:00:00.000Z',
});
const wire = (name: string, data: unknown, id?: string): string =>
  `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;

const open = ({ response }: Probe, text = '') => {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', connection: 'close' });
  response.write(text || ': connected\n\n');
};

/** The first items of a stream. */
async function take<Item>(stream: AsyncIterable<Item>, count: number): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of stream) {
    items.push(item);
    if (items.length === count) break;
  }
  return items;
}

const idsOf = (items: readonly EventItem[]) => items.map((item) => (item.type === 'event' ? item.event.id : 'gap'));

test('a stream that the server ends goes on after the last event', async () => {
  await using server = await startProbe((probe) => {
    open(probe, wire('event', event(`${probe.number}-0`), `${probe.number}-0`));
    probe.response.end();
  });
  const client = new OrdinautClient({ baseUrl: server.url, ...quick });
  expect(idsOf(await take(client.events.subscribe('a.*'), 3))).toEqual(['1-0', '2-0', '3-0']);
  expect(server.requests.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '1-0', '2-0']);
  expect(server.requests[0]).toMatchObject({
    path: '/events/stream?topic=a.*',
    headers: { accept: 'text/event-stream' },
  });
});

test('a connection that is reset goes on, however often', async () => {
  await using server = await startProbe((probe) => {
    open(probe, wire('event', event(`${probe.number}-0`), `${probe.number}-0`));
    // When the event has left.
    probe.response.write(': end\n\n', () => probe.response.socket?.resetAndDestroy());
  });
  const client = new OrdinautClient({ baseUrl: server.url, ...quick });
  expect(await take(client.events.subscribe(), 6)).toHaveLength(6);
});

test('the waits between connections that end after their first event grow, until one has lived for some seconds', async () => {
  await using server = await startProbe((probe) => {
    open(probe, wire('event', event(`${probe.number}-0`), `${probe.number}-0`));
    probe.response.end();
  });
  const waits: number[] = [];
  const clock = new (class extends ShiftedClock {
    override setTimer = (ring: () => void, ms: number) => {
      if (ms < 1000) waits.push(ms);
      return systemClock.setTimer(ring, ms);
    };
  })();
  const client = new OrdinautClient({ baseUrl: server.url, clock, random: () => 1, retry: { baseMs: 5, maxMs: 20 } });
  let count = 0;
  for await (const _ of client.events.subscribe()) {
    count += 1;
    if (count === 5) clock.pass(5_000);
    if (count === 7) break;
  }
  expect(waits).toEqual([5, 10, 20, 20, 5, 10]);
});

test.each([
  ['a stream that is given up after some time', 60_000, 2],
  ['a first connection', undefined, 1],
])('%s does not wait longer than that for a Retry-After', async (_, giveUpAfterMs, last) => {
  await using server = await startProbe((probe) => {
    if (probe.number === last) return probe.fail(503, 'unavailable', { 'retry-after': '90' });
    open(probe, wire('event', event('1-0'), '1-0'));
    probe.response.end();
  });
  const client = new OrdinautClient({ baseUrl: server.url, ...quick });
  await expect(take(client.events.subscribe('*', { giveUpAfterMs }), 2)).rejects.toMatchObject({
    status: 503,
    retryAfterMs: 90_000,
  });
  expect(server.requests).toHaveLength(last);
});

test.each(['events', 'table', 'run'] as const)(
  'an iteration of %s that is left while it waits ends at once',
  async (kind) => {
    await using server = await startProbe((probe) => open(probe));
    const client = new OrdinautClient({ baseUrl: server.url });
    const { runs, events } = client;
    const stream = { events: () => events.subscribe(), table: () => events.stream(), run: () => runs.stream(RUN_ID) };
    const iterator = stream[kind]()[Symbol.asyncIterator]();
    const next = iterator.next();
    await server.arrived(1);
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
    expect(await next).toEqual({ done: true, value: undefined });
  },
);

test('an empty id is none to go on from', async () => {
  await using server = await startProbe((probe) => {
    open(probe, wire('event', event('1-0'), probe.number === 1 ? '7-0' : '').replace('data', 'id:\ndata'));
    probe.response.end();
  });
  const client = new OrdinautClient({ baseUrl: server.url, ...quick });
  await take(client.events.subscribe(), 2);
  expect(server.requests[1]?.headers).not.toHaveProperty('last-event-id');
});

test('what a provider of tokens throws comes as it is, and is not tried again', async () => {
  await using server = await startProbe((probe) => probe.fail(401, 'unauthorized'));
  let asked = 0;
  const token = () => {
    asked += 1;
    throw new RangeError('The file of tokens cannot be read.');
  };
  const client = new OrdinautClient({ baseUrl: server.url, token, ...quick });
  await expect(take(client.events.subscribe(), 1)).rejects.toThrow(RangeError);
  expect({ asked, requests: server.requests.length }).toEqual({ asked: 1, requests: 0 });
});

test('401 makes the login new once, and the stream goes on where it was', async () => {
  const door = new TokenDoor();
  await using server = await startProbe((probe) => {
    if (door.answer(probe)) return;
    if (!door.knows(probe)) return probe.fail(401, 'unauthorized');
    open(probe, wire('event', event(`${probe.number}-0`), `${probe.number}-0`));
    door.revokeAll();
    probe.response.end();
  });
  const client = new OrdinautClient({ baseUrl: server.url, username: 'ada', password: 'x', ...quick });
  const items = await take(client.events.subscribe(), 2);
  expect(items).toHaveLength(2);
  expect(door.logins).toBe(2);
  expect(server.requests.at(-1)?.headers['last-event-id']).toBe('2-0');
});

test('503 is waited for as long as it asks', async () => {
  await using server = await startProbe((probe) => {
    if (probe.number === 2) return probe.fail(503, 'unavailable', { 'retry-after': '1' });
    open(probe, wire('event', event(`${probe.number}-0`), `${probe.number}-0`));
    probe.response.end();
  });
  const client = new OrdinautClient({ baseUrl: server.url, ...quick });
  const began = performance.now();
  expect(await take(client.events.subscribe(), 2)).toHaveLength(2);
  expect(performance.now() - began).toBeGreaterThanOrEqual(1000);
});

test('a connection that has died in silence is noticed, and heartbeats keep one alive', async () => {
  await using server = await startProbe((probe) => {
    open(probe, wire('event', event(`${probe.number}-0`), `${probe.number}-0`));
    if (probe.number > 1) return;
    let beats = 0;
    const timer = setInterval(() => {
      probe.response.write(wire('heartbeat', {}));
      beats += 1;
      if (beats === 12) clearInterval(timer);
    }, 50);
  });
  const client = new OrdinautClient({ baseUrl: server.url, ...quick });
  const began = performance.now();
  const items = await take(client.events.subscribe('*', { silenceMs: 400 }), 2);
  expect(performance.now() - began).toBeGreaterThan(12 * 50 + 300);
  expect(items).toHaveLength(2);
  expect(server.requests[1]?.headers['last-event-id']).toBe('1-0');
});

test('a caller who takes long over an event keeps the connection', async () => {
  let goOn = () => {};
  await using server = await startProbe((probe) => {
    open(probe, wire('event', event('1-0'), '1-0'));
    goOn = () => void probe.response.write(wire('event', event('2-0'), '2-0'));
  });
  const clock = new ManualClock();
  const client = new OrdinautClient({ baseUrl: server.url, clock, ...quick });
  const ids: string[] = [];
  for await (const item of client.events.subscribe('*', { silenceMs: 300 })) {
    ids.push(...idsOf([item]));
    if (ids.length === 2) break;
    await clock.advance(400);
    goOn();
  }
  expect(ids).toEqual(['1-0', '2-0']);
  expect(server.requests).toHaveLength(1);
});

test('events that are no longer kept are told as a gap, and so are those lost before there was an id', async () => {
  await using server = await startProbe((probe) => {
    open(
      probe,
      probe.number === 1 ? '' : wire('gap', { after: '1-0', oldest: '5-0' }) + wire('event', event('5-0'), '5-0'),
    );
    if (probe.number === 1) probe.response.end();
  });
  const client = new OrdinautClient({ baseUrl: server.url, ...quick });
  expect(await take(client.events.subscribe(), 3)).toEqual([
    { type: 'gap', after: null, oldest: null },
    { type: 'gap', after: '1-0', oldest: '5-0' },
    { type: 'event', event: event('5-0') },
  ]);
});

test('a stream that is cut off before any event goes on where it began', async () => {
  await using server = await startProbe((probe) => {
    open(probe, probe.number === 1 ? wire('connected', {}, '7-0') : wire('event', event('8-0'), '8-0'));
    if (probe.number === 1) probe.response.end();
  });
  const client = new OrdinautClient({ baseUrl: server.url, ...quick });
  expect(await take(client.events.subscribe(), 1)).toEqual([{ type: 'event', event: event('8-0') }]);
  expect(server.requests[1]?.headers['last-event-id']).toBe('7-0');
});

test('a stream can begin after an event', async () => {
  await using server = await startProbe((probe) => open(probe, wire('event', event('8-0'), '8-0')));
  const client = new OrdinautClient({ baseUrl: server.url });
  await take(client.events.subscribe('*', { lastEventId: '7-0' }), 1);
  expect(server.requests[0]?.headers['last-event-id']).toBe('7-0');
});

test('what asking again cannot help ends the stream', async () => {
  await using server = await startProbe((probe) => probe.fail(403, 'forbidden'));
  const client = new OrdinautClient({ baseUrl: server.url });
  expect(await thrownBy(take(client.events.subscribe(), 1))).toBeInstanceOf(PermissionError);
  expect(server.requests).toHaveLength(1);
});

test('a first connection is tried three times; one that was there once, until it is given up', async () => {
  const clock = new ShiftedClock();
  await using server = await startProbe((probe) => {
    if (probe.number === 4) {
      open(probe, wire('event', event('1-0'), '1-0'));
      return probe.response.end();
    }
    if (probe.number === 12) clock.pass(61_000);
    probe.fail(500, 'internal_error');
  });
  const client = new OrdinautClient({ baseUrl: server.url, clock, ...quick });
  await expect(take(client.events.subscribe(), 1)).rejects.toMatchObject({ status: 500 });
  expect(server.requests).toHaveLength(3);
  await expect(take(client.events.subscribe('*', { giveUpAfterMs: 60_000 }), 2)).rejects.toMatchObject({ status: 500 });
  expect(server.requests).toHaveLength(12);
});

test('a signal ends the iteration without an error, at once, and without a listener', async () => {
  await using server = await startProbe((probe) => open(probe));
  const connected = Promise.withResolvers<void>();
  const observe = (told: ClientEvent) => {
    if (told.type === 'stream' && told.state === 'connected') connected.resolve();
  };
  const client = new OrdinautClient({ baseUrl: server.url, observers: [{ observe }] });
  const controller = new AbortController();
  const all = take(client.events.subscribe('*', { signal: controller.signal }), 1);
  await connected.promise;
  const began = performance.now();
  controller.abort();
  expect(await all).toEqual([]);
  expect(performance.now() - began).toBeLessThan(20);
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});

test('leaving the loop closes the connection', async () => {
  let closed = () => {};
  const isClosed = new Promise<void>((resolve) => {
    closed = resolve;
  });
  await using server = await startProbe((probe) => {
    probe.response.on('close', closed);
    open(probe, wire('event', event('1-0'), '1-0'));
  });
  const client = new OrdinautClient({ baseUrl: server.url });
  await take(client.events.subscribe(), 1);
  await isClosed;
});

test('observers are told when a stream connects and breaks', async () => {
  await using server = await startProbe((probe) => {
    open(probe, wire('event', event(`${probe.number}-0`), `${probe.number}-0`));
    probe.response.end();
  });
  const states: unknown[] = [];
  const observe = (told: ClientEvent) => void (told.type === 'stream' && states.push([told.state, told.lastEventId]));
  const client = new OrdinautClient({ baseUrl: server.url, observers: [{ observe }], ...quick });
  await take(client.events.subscribe(), 2);
  expect(states).toEqual([
    ['connected', null],
    ['broken', '1-0'],
    ['connected', '1-0'],
  ]);
});

describe('runs', () => {
  test('the stream of a run ends with the run, also over a break', async () => {
    await using server = await startProbe((probe) => {
      if (probe.number === 1) {
        open(probe, wire('run', runOf('running'), '1-0') + wire('step', { id: 'a', status: 'succeeded' }, '1-1'));
        probe.response.end();
      } else open(probe, wire('run', runOf('succeeded'), '1-1'));
    });
    const client = new OrdinautClient({ baseUrl: server.url, ...quick });
    const items: StreamItem[] = [];
    for await (const item of client.runs.stream(RUN_ID)) items.push(item);
    expect(items.map((item) => item.type === 'event' && item.name)).toEqual(['run', 'step', 'run']);
  });

  test('waiting follows the stream, and gives the run with its steps', async () => {
    await using server = await startProbe((probe) => {
      if (probe.path.endsWith('/stream')) open(probe, wire('run', runOf('running')) + wire('run', runOf('failed')));
      else probe.json(200, runOf('failed'));
    });
    const client = new OrdinautClient({ baseUrl: server.url });
    const run = await client.runs.wait(RUN_ID);
    expect([run.status, run.success, run.steps]).toEqual(['failed', false, []]);
    expect(server.requests).toHaveLength(2);
  });

  test('where no stream is to be had, the run is asked for until it is over', async () => {
    let looks = 0;
    await using server = await startProbe((probe) => {
      if (probe.path.endsWith('/stream')) return probe.fail(502, 'bad_gateway');
      looks += 1;
      probe.json(200, runOf(looks < 3 ? 'running' : 'succeeded'));
    });
    const client = new OrdinautClient({ baseUrl: server.url, random: () => 0, ...quick });
    expect((await client.runs.wait(RUN_ID)).status).toBe('succeeded');
    expect(looks).toBe(3);
  });

  test('the deadline ends the wait, and says how far the run was', async () => {
    await using server = await startProbe((probe) => open(probe, wire('run', runOf('waiting'))));
    const client = new OrdinautClient({ baseUrl: server.url });
    for (const deadline of [() => 400, () => new Date(Date.now() + 400)]) {
      const error = await thrownBy(client.runs.wait(RUN_ID, { deadline: deadline() }));
      expect(error).toMatchObject({ kind: 'timeout', details: { run_id: RUN_ID, status: 'waiting' } });
    }
  });

  test('a run that is not there is not waited for, and a signal ends the wait', async () => {
    await using server = await startProbe((probe) => (probe.number === 1 ? probe.fail(404, 'not_found') : open(probe)));
    const client = new OrdinautClient({ baseUrl: server.url });
    await expect(client.runs.wait(RUN_ID)).rejects.toMatchObject({ kind: 'not_found' });
    const controller = new AbortController();
    const wait = thrownBy(client.runs.wait(RUN_ID, { signal: controller.signal }));
    await server.arrived(2);
    controller.abort();
    expect(await wait).toMatchObject({ name: 'AbortError' });
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });
});

test('a closed client ends a wait for a run that looks again and again', async () => {
  await using server = await startProbe((probe) => probe.json(200, runOf('running')));
  let sleeps = () => {};
  const isAsleep = new Promise<void>((resolve) => {
    sleeps = resolve;
  });
  const random = () => {
    sleeps();
    return 0;
  };
  const clock = new ManualClock();
  const client = new OrdinautClient({ baseUrl: server.url, clock, random });
  const wait = thrownBy(client.runs.wait(RUN_ID));
  await isAsleep;
  client.close();
  expect(await wait).toMatchObject({ name: 'AbortError', message: 'The client was closed.' });
  expect(clock.pending).toBe(0);
});

describe('the parser', () => {
  const read = (pieces: readonly string[]): Message[] => {
    const messages: Message[] = [];
    const parser = new MessageParser(
      (message) => messages.push(message),
      () => undefined,
    );
    for (const piece of pieces) parser.feed(piece);
    return messages;
  };

  test('reads what the standard says', () => {
    expect(
      read([
        '\uFEFFdata: one\n\n: a comment\nevent: named\nid: 7\ndata:two\ndata: three\n\nid\ndata:  four\nunknown: x\n\nevent: empty\n\ndata: cut off',
      ]),
    ).toEqual([
      { name: 'message', id: null, data: 'one' },
      { name: 'named', id: '7', data: 'two\nthree' },
      { name: 'message', id: '', data: ' four' },
    ]);
  });

  test('reads a long line that comes in many pieces in linear time', () => {
    const pieces = Array.from({ length: 40_000 }, () => 'x'.repeat(100));
    const began = performance.now();
    const [message] = read(['data:', ...pieces, '\n\n']);
    expect(message?.data).toHaveLength(4_000_000);
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  test('reads the same wherever it is cut, with every kind of line end', () => {
    const text = 'event: step\r\nid: 1-0\r\ndata: {"a": 1}\r\n\r\ndata: x\rdata: y\r\r: hm\n\nid: 2\ndata: z\n\n';
    const whole = read([text]);
    expect(whole.map(({ data }) => data)).toEqual(['{"a": 1}', 'x\ny', 'z']);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: text.length }), { maxLength: 12 }), (cuts) => {
        const places = [0, ...cuts.toSorted((one, other) => one - other), text.length];
        const pieces = places.slice(1).map((place, index) => text.slice(places[index], place));
        expect(read(pieces)).toEqual(whole);
      }),
    );
  });
});
