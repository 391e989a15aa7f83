import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** A client of server-sent events that reads them one by one. */
export interface EventStreamClient {
  readonly response: Response;
  /** The next message; rejects when the stream ends before it. */
  next(): Promise<EventSourceMessage>;
  /** Resolves when the server has ended the stream. */
  ended(): Promise<void>;
  close(): void;
}

export async function openEventStream(url: string, headers: Record<string, string> = {}): Promise<EventStreamClient> {
  const controller = new AbortController();
  const response = await fetch(url, { headers, signal: controller.signal });
  const messages: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => messages.push(message) });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const read = async (): Promise<boolean> => {
    const { done, value } = await reader.read();
    if (!done) parser.feed(value);
    return !done;
  };
  return {
    response,
    async next() {
      while (messages.length === 0) if (!(await read())) throw new Error('The stream has ended.');
      return messages.shift()!;
    },
    async ended() {
      while (await read()) messages.length = 0;
    },
    close: () => controller.abort(),
  };
}
