import { ApiError, badRequest } from '../kernel/errors.ts';
import type {
  EventStreams,
  FollowStreamOptions,
  NewEvent,
  Published,
  Selection,
  StreamEvent,
  StreamGap,
  Subscription,
  TopicSummary,
  Unsubscribe,
} from './streams.ts';
import { topicIssue } from './topics.ts';

export const MAX_DATA_BYTES = 262_144;
const MAX_GROUP = 200;

/** Streams with a guard before them: what goes in is checked here, whoever publishes it. */
export class EventService implements EventStreams {
  readonly #streams: EventStreams;

  constructor(streams: EventStreams) {
    this.#streams = streams;
  }

  /**
   * Publishes an event.
   *
   * @throws ApiError `bad_request` for a topic that is none, `payload_too_large` for more than 256 KiB of data, `unavailable` while
   *   the store of the events is away.
   */
  async publish(event: NewEvent): Promise<Published> {
    const issue = topicIssue(event.topic);
    if (issue !== null) throw badRequest([issue]);
    const text = JSON.stringify(event.data ?? null);
    if (text === undefined) throw badRequest([{ field: 'data', issue: 'is nothing that JSON can hold' }]);
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_DATA_BYTES) {
      throw new ApiError(
        'payload_too_large',
        `The data of the event has ${bytes} bytes; it may have ${MAX_DATA_BYTES}.`,
        {
          details: { limit: MAX_DATA_BYTES },
        },
      );
    }
    return this.#streams.publish(event);
  }

  /** @throws ApiError `bad_request` for a group or a pattern that cannot be. */
  subscribe(subscription: Subscription): Promise<Unsubscribe> {
    const { group } = subscription;
    if (group.length < 1 || group.length > MAX_GROUP) {
      throw badRequest([{ field: 'group', issue: `has ${group.length} characters; it must have 1 to ${MAX_GROUP}` }]);
    }
    return this.#streams.subscribe(subscription);
  }

  follow(selection: Selection, options: FollowStreamOptions): AsyncIterable<StreamEvent | StreamGap> {
    return this.#streams.follow(selection, options);
  }

  head(stream: string): Promise<string> {
    return this.#streams.head(stream);
  }

  recent(count: number): Promise<StreamEvent[]> {
    return this.#streams.recent(count);
  }

  topics(): Promise<TopicSummary[]> {
    return this.#streams.topics();
  }

  cleanup(before: number): Promise<number> {
    return this.#streams.cleanup(before);
  }
}
