import type { EventList, PublishedEvent } from '@ordinaut/contract';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServer } from '../support/server.ts';
import { describeStores, newPlace, type TestPlace } from '../support/stores.ts';

describeStores('events over the API', (kind) => {
  let place: TestPlace;
  let api: Awaited<ReturnType<typeof startServer>>;
  beforeEach(async () => {
    place = await newPlace(kind);
    api = await startServer(place);
  });
  afterEach(async () => {
    await api.server.stop();
    await place.remove();
  });

  /** Reads a live view until so many messages have come. */
  async function read(path: string, count: number, headers: Record<string, string> = {}, onOpen?: () => unknown) {
    const stop = new AbortController();
    const response = await fetch(`${api.url}${path}`, { headers, signal: stop.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const messages: EventSourceMessage[] = [];
    const parser = createParser({
      onEvent: (message) => !['heartbeat', 'connected'].includes(message.event ?? '') && messages.push(message),
    });
    const opened = onOpen?.();
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      parser.feed(chunk);
      if (messages.length >= count) break;
    }
    stop.abort();
    await opened;
    return messages.slice(0, count).map(({ event, id, data }) => ({ event, id, data: JSON.parse(data) }));
  }

  test('every change of a task and of its runs is an event, in order', async () => {
    const before = (await api.call<EventList>('POST', '/events', { topic: 'mark', payload: 1 })).body as never as {
      details: { stream_id: string };
    };
    const task = await api.createTask({
      max_retries: 1,
      backoff_strategy: 'fixed',
      payload: {
        pipeline: [
          { id: 'nap', uses: 'core.sleep', with: { seconds: 1 } },
          { id: 'no', uses: 'core.fail', with: {} },
        ],
      },
    });
    const runId = await api.runNow(task.id);
    await api.ended(runId);
    for (const verb of ['pause', 'resume', 'cancel']) await api.call('POST', `/tasks/${task.id}/${verb}`);
    const topics = [
      'task.created',
      'run.started',
      'run.waiting',
      'run.retrying',
      'run.started',
      'run.failed',
      'task.paused',
      'task.resumed',
      'task.canceled',
    ];
    const seen = await read('/events/stream', topics.length, { 'last-event-id': before.details.stream_id });
    const events = seen.map(({ data }) => data as PublishedEvent);
    expect(events.map((event) => event.topic)).toEqual(topics);
    expect(events.every((event) => event.stream === 'core' && event.source === 'core')).toBe(true);
    expect(events[0]!.data).toEqual({ task_id: task.id });
    expect(events[1]!.data).toEqual({ run_id: runId, task_id: task.id, attempt: 1 });
    expect(events[2]!.data).toMatchObject({ run_id: runId, wake_at: expect.stringContaining('T') });
    expect(events[3]!.data).toMatchObject({ run_id: runId, attempt: 1, wake_at: expect.stringContaining('T') });
    expect(events[4]!.data).toEqual({ run_id: runId, task_id: task.id, attempt: 2 });
    expect(events[5]!.data).toEqual({ run_id: runId, task_id: task.id });
    expect(seen.map(({ id }) => id)).toEqual(events.map((event) => event.id));
  });

  test('a live view shows what matches, as it comes', async () => {
    const seen = await read('/events/stream?topic=deploy.*', 2, {}, async () => {
      for (const topic of ['build.done', 'deploy.begun', 'deploy.done'])
        await api.call('POST', '/events', { topic, payload: { topic }, source_agent_id: 'agent-7' });
    });
    expect(seen.map(({ event, data }) => [event, data.topic, data.source])).toEqual([
      ['event', 'deploy.begun', 'agent-7'],
      ['event', 'deploy.done', 'agent-7'],
    ]);
  });

  test('a live view that was cut off before anything came goes on where it began', async () => {
    const begin = async (): Promise<EventSourceMessage> => {
      const stop = new AbortController();
      const response = await fetch(`${api.url}/events/stream?topic=quiet.*`, { signal: stop.signal });
      const first = Promise.withResolvers<EventSourceMessage>();
      const parser = createParser({ onEvent: first.resolve });
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        parser.feed(chunk);
        if (chunk.includes('\n\n')) break;
      }
      stop.abort();
      return first.promise;
    };
    const { event, id } = await begin();
    expect([event, id]).toEqual(['connected', expect.stringMatching(/^\d+-\d+$/)]);
    await api.call('POST', '/events', { topic: 'quiet.now', payload: 'missed' });
    const [seen] = await read('/events/stream?topic=quiet.*', 1, { 'last-event-id': id ?? '' });
    expect(seen?.data).toMatchObject({ topic: 'quiet.now', data: 'missed' });
  });

  test('a live view tells of the gap where the id is no longer kept', async () => {
    const first = await api.call<{ details: { stream_id: string } }>('POST', '/events', { topic: 'a', payload: 1 });
    expect((await api.call('DELETE', '/events/stream/cleanup?max_age_hours=0')).body).toMatchObject({
      details: { deleted: expect.any(Number) },
    });
    await api.call('POST', '/events', { topic: 'b', payload: 2 });
    const after = first.body.details.stream_id;
    const [gap, next] = await read('/events/stream', 2, { 'last-event-id': after });
    expect(gap).toMatchObject({ event: 'gap', data: { after, oldest: next!.id } });
    expect(next!.data).toMatchObject({ topic: 'b' });
  });

  test('topics and the newest events can be asked for', async () => {
    for (const n of [1, 2, 3]) await api.call('POST', '/events', { topic: 'a.b', payload: n });
    const topics = await api.call<{ items: { topic: string; count: number }[] }>('GET', '/events/topics');
    expect(topics.body.items).toMatchObject([{ topic: 'a.b', stream: 'core', count: 3 }]);
    const recent = await api.call<EventList>('GET', '/events/stream/recent?count=2');
    expect(recent.body.items.map((event) => event.data)).toEqual([3, 2]);
  });

  test('the same key publishes once', async () => {
    const once = () => api.call('POST', '/events', { topic: 'a.b' }, { 'idempotency-key': 'k' });
    const [first, second] = [await once(), await once()];
    expect(second.body).toEqual(first.body);
    expect((await api.call<EventList>('GET', '/events/stream/recent')).body.total).toBe(1);
  });

  test.each([
    [{ payload: 1 }, 'topic'],
    [{ topic: '' }, 'topic'],
    [{ topic: 'a..b' }, 'topic'],
    [{ topic: 'a.*' }, 'topic'],
    [{ topic: 'a b' }, 'topic'],
    [{ topic: 'run.succeeded' }, 'topic'],
    [{ topic: 'task.mine' }, 'topic'],
    [{ topic: 'x'.repeat(201) }, 'topic'],
    [{ topic: 'a', payloud: 1 }, 'payloud'],
    [{ topic: 'a', source_agent_id: '' }, 'source_agent_id'],
  ])('%j is refused for its field', async (body, field) => {
    const answer = await api.call('POST', '/events', body);
    expect(answer).toMatchObject({ status: 400, body: { error: 'bad_request', details: { field } } });
  });

  test('more than 256 KiB are refused, a pattern that is none too', async () => {
    const large = await api.call('POST', '/events', { topic: 'a', payload: 'x'.repeat(262_145) });
    expect(large).toMatchObject({ status: 413, body: { error: 'payload_too_large' } });
    const pattern = await api.call('GET', '/events/stream?topic=a..b');
    expect(pattern).toMatchObject({ status: 400, body: { error: 'bad_request', details: { field: 'topic' } } });
    expect((await api.call('GET', '/events/stream/recent?count=1001')).status).toBe(400);
    expect((await api.call('DELETE', '/events/stream/cleanup')).status).toBe(400);
  });
});
