import type { Core } from '../core.ts';
import type { EventStream, StreamGap, StreamOptions } from '../event-stream.ts';
import type { PublishedEvent } from '../generated/models.ts';
import { followStream } from '../stream/follow-stream.ts';
import { streamOf } from '../stream/stream-of.ts';
import { requestOf } from '../transport/outgoing-request.ts';

/** An event of the server, or the news that some are lost. */
export type EventItem = { readonly type: 'event'; readonly event: PublishedEvent } | StreamGap;

export interface EventMethods {
  /**
   * The events of a topic, as they come, for as long as it is iterated.
   *
   * @param topic glob of topics, like `run.*`; default: all.
   * @throws OrdinautError where the server refuses it: `bad_request`, `unauthorized`, `forbidden`.
   */
  subscribe(topic?: string, options?: StreamOptions): EventStream<EventItem>;
}

export const eventMethods = (core: Core): EventMethods => ({
  subscribe: (topic, options) =>
    streamOf<EventItem>(async function* (left) {
      const query = topic === undefined ? {} : { topic };
      for await (const item of followStream(core, requestOf('events.stream', [query]), { ...options, left })) {
        // The contract says of the data of these that it is an event.
        yield item.type === 'gap' ? item : { type: 'event', event: item.data as PublishedEvent };
      }
    }),
});
