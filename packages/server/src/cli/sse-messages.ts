import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** The server-sent events of an answer, as they come. */
export async function* messagesOf(response: Response): AsyncGenerator<EventSourceMessage> {
  const ready: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => ready.push(message) });
  if (response.body === null) return;
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    parser.feed(chunk);
    yield* ready.splice(0);
  }
}
