import { getEventListeners } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test, vi } from 'vitest';
import { HEARTBEAT_MS, openStream, type SseMessage } from '../../src/http/sse.ts';

afterEach(() => void vi.useRealTimers());

test('events are written with their name, id and data', async () => {
  async function* source(): AsyncGenerator<SseMessage> {
    yield { event: 'run', id: '1-0', data: { text: 'two\nlines' } };
    yield { event: 'step', data: null };
  }
  const stream = await openStream(source(), new AbortController().signal);
  expect(await text(stream)).toBe('event: run\nid: 1-0\ndata: {"text":"two\\nlines"}\n\nevent: step\ndata: null\n\n');
});

test('what goes wrong before the first event is thrown, not streamed', async () => {
  // biome-ignore lint/correctness/useYield: it fails before it has anything to say
  async function* source(): AsyncGenerator<SseMessage> {
    throw new Error('no such run');
  }
  await expect(openStream(source(), new AbortController().signal)).rejects.toThrow('no such run');
});

test('silence is filled with heartbeats, and an abort ends stream and source', async () => {
  vi.useFakeTimers();
  const controller = new AbortController();
  const ended = Promise.withResolvers<void>();
  async function* source(): AsyncGenerator<SseMessage> {
    try {
      yield { event: 'run', data: 1 };
      await new Promise((resolve) => controller.signal.addEventListener('abort', resolve));
    } finally {
      ended.resolve();
    }
  }
  const stream = await openStream(source(), controller.signal);
  const chunks = stream[Symbol.asyncIterator]();
  expect(String((await chunks.next()).value)).toContain('event: run');
  const second = chunks.next();
  await vi.advanceTimersByTimeAsync(HEARTBEAT_MS);
  expect(String((await second).value)).toMatch(/^event: heartbeat\ndata: \{"timestamp"/);
  controller.abort();
  expect((await chunks.next()).done).toBe(true);
  await ended.promise;
  expect(vi.getTimerCount()).toBe(0);
});

/** A source that has begun, has told its first event, and says when it was closed. */
function openSource(): { source: AsyncGenerator<SseMessage>; closed: Promise<void> } {
  const closed = Promise.withResolvers<void>();
  async function* source(): AsyncGenerator<SseMessage> {
    try {
      for (;;) yield { event: 'run', data: 1 };
    } finally {
      closed.resolve();
    }
  }
  return { source: source(), closed: closed.promise };
}

test('a client that leaves before the first read closes the source', async () => {
  const controller = new AbortController();
  const { source, closed } = openSource();
  await openStream(source, controller.signal);
  controller.abort();
  await closed;
});

test('a client that has left before the first event closes the source', async () => {
  const controller = new AbortController();
  const { source, closed } = openSource();
  controller.abort();
  await openStream(source, controller.signal);
  await closed;
});

test('a stream that has ended keeps no listener', async () => {
  const { signal } = new AbortController();
  async function* source(): AsyncGenerator<SseMessage> {
    yield { event: 'run', data: 1 };
  }
  await text(await openStream(source(), signal));
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
