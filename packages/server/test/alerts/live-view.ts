import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { expect } from 'vitest';

export interface SeenMessage {
  readonly event: string | undefined;
  readonly id: string | undefined;
  readonly data: never;
}

/** A live view that is open; `read` answers the next messages as soon as so many have come. */
export async function openView(url: string, headers: Record<string, string> = {}) {
  const stop = new AbortController();
  const response = await fetch(url, { headers, signal: stop.signal });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const messages: EventSourceMessage[] = [];
  const parser = createParser({
    onEvent: (message) => void (!['heartbeat', 'connected'].includes(message.event ?? '') && messages.push(message)),
  });
  const chunks = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  return {
    async read(count: number): Promise<SeenMessage[]> {
      while (messages.length < count) {
        const { value, done } = await chunks.read();
        if (done) throw new Error('The stream has ended.');
        parser.feed(value);
      }
      return messages.splice(0, count).map(({ event, id, data }) => ({ event, id, data: JSON.parse(data) as never }));
    },
    close: () => stop.abort(),
  };
}
