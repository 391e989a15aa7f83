import type { Gap, StreamEvent } from '@ordinaut/kit';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventLines } from '../../../../../extensions/events_demo/event-lines.ts';
import { startServer } from '../../support/server.ts';
import { describeStores, newPlace, type TestPlace } from '../../support/stores.ts';
import { type EventStreamClient, openEventStream } from './event-stream.ts';

interface Published {
  success: boolean;
  stream: string;
  event_id: string;
  message: string;
}

describeStores('events_demo', (kind) => {
  let place: TestPlace;
  let server: Awaited<ReturnType<typeof startServer>>;
  const open: EventStreamClient[] = [];

  beforeAll(async () => {
    place = await newPlace(kind);
    server = await startServer(place);
  });

  afterEach(() => {
    for (const client of open.splice(0)) client.close();
  });

  afterAll(async () => {
    await server.server.stop();
    await place.remove();
  });

  const publish = async (stream: string, data: unknown): Promise<Published> => {
    const { status, body } = await server.call<Published>('POST', `/ext/events_demo/publish/${stream}`, data);
    expect(status).toBe(200);
    return body;
  };
  const subscribe = async (stream: string, headers: Record<string, string> = {}) => {
    const client = await openEventStream(`${server.url}/ext/events_demo/subscribe/${stream}`, headers);
    open.push(client);
    return client;
  };

  it('publishes an event and tells its id', async () => {
    const answer = await publish('first', { сообщение: 'Привет События', timestamp: '2025-08-26T10:00:00Z' });
    expect(answer).toEqual({
      success: true,
      stream: 'first',
      event_id: expect.stringMatching(/^\d+-\d+$/),
      message: 'The event is published.',
    });
  });

  it('shows subscribers each event of their stream, with its id', async () => {
    const client = await subscribe('live');
    expect(client.response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    await publish('other', 1);
    const { event_id } = await publish('live', { сообщение: 'Привет События' });
    const { event, id, data } = await client.next();
    expect({ event, id }).toEqual({ event: undefined, id: event_id });
    expect(JSON.parse(data)).toEqual({ stream: 'live', id: event_id, data: { сообщение: 'Привет События' } });
  });

  it('goes on after Last-Event-ID', async () => {
    const ids: string[] = [];
    for (const n of [1, 2, 3]) ids.push((await publish('resume', { n })).event_id);
    const client = await subscribe('resume', { 'last-event-id': ids[0]! });
    expect((await client.next()).id).toBe(ids[1]);
    expect((await client.next()).id).toBe(ids[2]);
  });

  it.each(['a*', 'a b', '.a', 'a..b', '**', 'a/b', ''.padEnd(201, 'x')])('refuses the name %j', async (name) => {
    for (const [method, path] of [
      ['POST', 'publish'],
      ['GET', 'subscribe'],
    ] as const) {
      const answer = await server.call<{ error: string; details: object }>(
        method,
        `/ext/events_demo/${path}/${encodeURIComponent(name).replaceAll('.', '%2E')}`,
        method === 'POST' ? {} : undefined,
      );
      expect(answer).toMatchObject({ status: 400, body: { error: 'bad_request', details: { field: 'stream' } } });
    }
  });

  it('does not speak for the server, and takes at most 256 KiB', async () => {
    const forged = await server.call('POST', '/ext/events_demo/publish/run.failed', { run_id: 'x' });
    expect(forged).toMatchObject({ status: 400, body: { details: { field: 'stream' } } });
    const large = await server.call('POST', '/ext/events_demo/publish/test', 'x'.repeat(262_144));
    expect(large).toMatchObject({ status: 413, body: { error: 'payload_too_large' } });
  });

  it('refuses a publication without data, and an id that is none', async () => {
    const empty = await server.call('POST', '/ext/events_demo/publish/test');
    expect(empty).toMatchObject({ status: 400, body: { error: 'bad_request' } });
    const bad = await server.call('GET', '/ext/events_demo/subscribe/test', undefined, {
      'last-event-id': 'yesterday',
    });
    expect(bad).toMatchObject({ status: 400, body: { details: { field: 'Last-Event-ID' } } });
  });

  it('ends its streams when it is reloaded', async () => {
    const client = await subscribe('reloaded');
    await publish('reloaded', 1);
    await client.next();
    expect((await server.call('POST', '/ext/events_demo/reload')).status).toBe(200);
    await client.ended();
  });
});

describe('the lines of a stream', () => {
  afterEach(() => void vi.useRealTimers());

  const event = (id: string): StreamEvent => ({
    id,
    stream: 'ext:events_demo:events:s',
    topic: 's',
    data: 'two\nlines',
    source: 'ext.events_demo',
    eventId: 'e',
    publishedAt: '2026-01-01T00:00:00Z',
  });

  it('are messages without a name, and name a gap', async () => {
    async function* source(): AsyncGenerator<StreamEvent | Gap> {
      yield { gap: true, after: '1-0', oldest: '5-0' };
      yield event('5-0');
    }
    expect(await Array.fromAsync(eventLines('s', source()))).toEqual([
      ': connected\n\n',
      'event: gap\ndata: {"stream":"s","after":"1-0","oldest":"5-0"}\n\n',
      'id: 5-0\ndata: {"stream":"s","id":"5-0","data":"two\\nlines"}\n\n',
    ]);
  });

  it('hold a heartbeat after 15 s of silence, and leave no timer', async () => {
    vi.useFakeTimers();
    const quiet = Promise.withResolvers<void>();
    async function* source(): AsyncGenerator<StreamEvent> {
      await quiet.promise;
      yield event('1-0');
    }
    const lines = eventLines('s', source());
    await lines.next();
    const heartbeat = lines.next();
    await vi.advanceTimersByTimeAsync(15_000);
    expect((await heartbeat).value).toMatch(/^event: heartbeat\ndata: \{"timestamp":"/);
    quiet.resolve();
    expect((await lines.next()).value).toMatch(/^id: 1-0\n/);
    expect((await lines.next()).done).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });
});
