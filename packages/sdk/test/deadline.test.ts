import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { AbortedError, type ClientEvent, OrdinautClient, TimeoutError } from '../src/index.ts';
import { mode, TokenDoor } from './support/answers.ts';
import { startProbe } from './support/probe-server.ts';
import { ShiftedClock } from './support/shifted-clock.ts';
import { thrownBy } from './support/thrown-by.ts';

test('a body that stalls after the headers ends with the deadline', async () => {
  await using server = await startProbe(({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"version": ');
  });
  const client = new OrdinautClient({ baseUrl: server.url });
  await warmUp(server.url);
  const began = performance.now();
  const error = await thrownBy(client.system.mode({ timeoutMs: 200 }));
  expect(performance.now() - began).toBeLessThan(1000);
  expect(error).toBeInstanceOf(TimeoutError);
  expect(error).toMatchObject({ of: 'call', name: 'TimeoutError', attempts: [{ number: 1, status: null }] });
});

test('it ends also where the fetch that was given does not listen to its signal', async () => {
  const body = new ReadableStream({ pull: () => new Promise(() => undefined) });
  const client = new OrdinautClient({ baseUrl: 'https://ordinaut.example', fetch: async () => new Response(body) });
  const error = await thrownBy(client.system.mode({ timeoutMs: 100 }));
  expect(error).toMatchObject({ kind: 'timeout', of: 'call' });
});

test('a body that stalls ends the attempt, and the next one may do better', async () => {
  await using server = await startProbe((probe) => {
    if (probe.number > 1) return probe.json(200, mode);
    probe.response.writeHead(200, { 'content-type': 'application/json' });
    probe.response.write('{');
  });
  const client = new OrdinautClient({
    baseUrl: server.url,
    timeouts: { read: { attemptTimeoutMs: 1000 } },
    retry: { baseMs: 1 },
  });
  const { attempts } = await client.system.mode().withResponse();
  expect(attempts.map(({ code }) => code)).toEqual(['timeout', null]);
});

test('headers that never come end every attempt', async () => {
  await using server = await startProbe(() => undefined);
  const client = new OrdinautClient({ baseUrl: server.url, retry: { baseMs: 1 } });
  const error = await thrownBy(client.system.mode({ attemptTimeoutMs: 60 }));
  expect(error).toMatchObject({ kind: 'timeout', of: 'attempt', attempts: { length: 3 } });
});

test('the login counts as part of the call', async () => {
  await using server = await startProbe(() => undefined);
  const client = new OrdinautClient({ baseUrl: server.url, username: 'ada', password: 'x' });
  const error = await thrownBy(client.system.mode({ timeoutMs: 100 }));
  expect(error).toMatchObject({ kind: 'timeout', of: 'call', operation: 'system.mode' });
  client.close();
});

test('a caller that gives up the login does not end it for the others', async () => {
  const door = new TokenDoor();
  let answer = () => undefined as unknown;
  await using server = await startProbe((probe) => {
    if (probe.path === '/auth/token') answer = () => door.answer(probe);
    else probe.json(200, mode);
  });
  const client = new OrdinautClient({ baseUrl: server.url, username: 'ada', password: 'x' });
  const impatient = thrownBy(client.system.mode({ signal: AbortSignal.timeout(50) }));
  const patient = client.system.mode();
  expect(await impatient).toBeInstanceOf(AbortedError);
  answer();
  await patient;
  expect(door.logins).toBe(1);
});

test('the times are those of the kind of operation, and of the operation before that', async () => {
  await using server = await startProbe(() => undefined);
  const client = new OrdinautClient({
    baseUrl: server.url,
    timeouts: { read: { timeoutMs: 100 }, 'system.health': { timeoutMs: 30 }, run: { timeoutMs: 60 } },
  });
  await expect(client.system.mode()).rejects.toThrow('system.mode was not done within 100 ms.');
  await expect(client.system.health()).rejects.toThrow('system.health was not done within 30 ms.');
  await expect(client.tools.call('core.echo', {})).rejects.toThrow('tools.call was not done within 60 ms.');
});

test.each(['before the answer', 'within the body', 'while it waits for a retry', 'while it waits for a place'])(
  'a signal ends a call %s, within 5 ms',
  // The machine may be busy in the one moment that is measured.
  { retry: 3 },
  async (when) => {
    await using server = await startProbe((probe) => {
      if (when === 'within the body') probe.response.writeHead(200, { 'content-type': 'application/json' }).write('{');
      if (when === 'while it waits for a retry') probe.fail(503, 'unavailable', { 'retry-after': '30' });
    });
    const client = new OrdinautClient({ baseUrl: server.url, concurrency: 1 });
    if (when === 'while it waits for a place') client.system.live().catch(() => undefined);
    await warmUp(server.url);
    const controller = new AbortController();
    const call = thrownBy(client.system.mode({ signal: controller.signal }));
    await server.arrived(1);
    await new Promise((go) => setImmediate(go));
    const began = performance.now();
    controller.abort(new Error('enough'));
    const error = await call;
    expect(performance.now() - began).toBeLessThan(5);
    expect(error).toBeInstanceOf(AbortedError);
    expect(error).toMatchObject({ name: 'AbortError', kind: 'aborted', cause: { message: 'enough' } });
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
    client.close();
  },
);

/** Loads what is loaded with a first call, so that it is not measured. */
async function warmUp(url: string): Promise<void> {
  await thrownBy(new OrdinautClient({ baseUrl: url }).tasks.get('no id'));
}

test('a signal that is aborted already sends nothing', async () => {
  await using server = await startProbe((probe) => probe.json(200, mode));
  const client = new OrdinautClient({ baseUrl: server.url });
  await expect(client.system.mode({ signal: AbortSignal.abort() })).rejects.toThrow(AbortedError);
  expect(server.requests).toHaveLength(0);
});

test('a thousand calls leave no listener on their signal', async () => {
  await using server = await startProbe((probe) => probe.json(200, mode));
  const client = new OrdinautClient({ baseUrl: server.url });
  const { signal } = new AbortController();
  await Promise.all(Array.from({ length: 1000 }, () => client.system.mode({ signal })));
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('closing the client ends what is under way', async () => {
  await using server = await startProbe(() => undefined);
  const client = new OrdinautClient({ baseUrl: server.url });
  const call = thrownBy(client.system.mode());
  await server.arrived(1);
  client.close();
  expect(await call).toMatchObject({ kind: 'aborted', message: 'The client was closed.' });
  await expect(client.system.mode()).rejects.toThrow('The client was closed.');
});

test('what is aborted by who hears of circuits is not sent, and leaves the way to the next probe', async () => {
  let sent = 0;
  const clock = new ShiftedClock();
  let controller = new AbortController();
  const observe = (event: ClientEvent) => {
    if (event.type === 'circuit' && event.state === 'half_open') controller.abort();
  };
  const client = new OrdinautClient({
    baseUrl: 'https://ordinaut.example',
    fetch: async () => {
      sent += 1;
      return new Response('', { status: 503 });
    },
    clock,
    circuit: { failures: 1 },
    retry: { attempts: 1 },
    observers: [{ observe }],
  });
  await thrownBy(client.system.mode());
  clock.pass(60_000);
  expect(await thrownBy(client.system.mode({ signal: controller.signal }))).toBeInstanceOf(AbortedError);
  // It has not taken the place of the probe.
  controller = new AbortController();
  expect(await thrownBy(client.system.mode({ signal: controller.signal }))).toBeInstanceOf(AbortedError);
  expect(sent).toBe(1);
});

test('nothing is sent after the abort, in whichever moment before it comes', async () => {
  let controller = new AbortController();
  const sentAfter: boolean[] = [];
  const client = new OrdinautClient({
    baseUrl: 'https://ordinaut.example',
    validation: { requests: 'off', responses: 'off' },
    fetch: async () => {
      sentAfter.push(controller.signal.aborted);
      return Response.json({});
    },
  });
  let aborted = 0;
  for (let moments = 0; moments < 40; moments += 1) {
    controller = new AbortController();
    const call = client.system.mode({ signal: controller.signal }).withResponse();
    const ended = call.then(
      () => undefined,
      (error) => {
        expect(error).toBeInstanceOf(AbortedError);
        aborted += 1;
      },
    );
    for (let moment = 0; moment < moments; moment += 1) await Promise.resolve();
    controller.abort();
    await ended;
  }
  expect(aborted).toBeGreaterThan(2);
  expect(sentAfter.length).toBeGreaterThan(2);
  expect(sentAfter).not.toContain(true);
});
