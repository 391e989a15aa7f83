import {
  type EventPublication,
  type EventPublicationInput,
  EventPublicationInput as InputSchema,
  type PublishedEvent,
  type TopicList,
} from '@ordinaut/contract';
import { type Clock, toIso } from '../kernel/clock.ts';
import { ApiError, badRequest } from '../kernel/errors.ts';
import { lazyCheck } from '../kernel/schema.ts';
import {
  CORE_STREAM,
  type EventStreams,
  type FollowStreamOptions,
  type NewEvent,
  type Published,
  type Selection,
  type StreamEvent,
  type StreamGap,
  type Subscription,
  type Unsubscribe,
} from './streams.ts';
import { outsideTopicIssue, topicIssue } from './topics.ts';

export const MAX_DATA_BYTES = 262_144;
const MAX_GROUP = 200;
const HOUR_MS = 3_600_000;
const checkInput = lazyCheck(InputSchema);

/** Events for the rest of the server: what goes in is checked here, whoever publishes it. */
export class EventService {
  readonly #streams: EventStreams;
  readonly #clock: Clock;

  constructor(deps: { streams: EventStreams; clock: Clock }) {
    this.#streams = deps.streams;
    this.#clock = deps.clock;
  }

  /**
   * Publishes an event of the server or of an extension.
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

  /** Publishes an event of somebody outside, on the stream `core`. */
  async publishFromOutside(input: unknown, from: { source: string; chain?: number }): Promise<EventPublication> {
    const issues = checkInput(input);
    const topic = (input as { topic?: unknown } | null)?.topic;
    const issue = typeof topic === 'string' ? outsideTopicIssue(topic) : null;
    if (issue !== null && !issues.some(({ field }) => field === 'topic')) issues.push(issue);
    if (issues.length > 0) throw badRequest(issues);
    const { payload = null, source_agent_id, topic: checked } = input as EventPublicationInput;
    const source = source_agent_id ?? from.source;
    const { event, triggeredTasks } = await this.publish({
      topic: checked,
      data: payload,
      source,
      ...(from.chain !== undefined && { chain: from.chain }),
    });
    return {
      success: true,
      message: 'The event is published.',
      details: {
        event_id: event.eventId,
        stream_id: event.id,
        topic: event.topic,
        triggered_tasks: [...triggeredTasks],
        published_at: event.publishedAt,
      },
    };
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

  /** The events of the core as messages for server-sent events. @throws ApiError `bad_request` for a topic that is no pattern. */
  async *messages(
    pattern: string | undefined,
    options: FollowStreamOptions,
  ): AsyncGenerator<{ event: 'event' | 'gap'; id?: string; data: unknown }> {
    const selection = { stream: CORE_STREAM, ...(pattern !== undefined && { pattern }) };
    for await (const each of this.#streams.follow(selection, options)) {
      if ('gap' in each) yield { event: 'gap', data: { after: each.after, oldest: each.oldest } };
      else yield { event: 'event', id: each.id, data: toPublishedEvent(each) };
    }
  }

  async recent(count = 100): Promise<{ items: PublishedEvent[]; total: number }> {
    const items = (await this.#streams.recent(count)).map(toPublishedEvent);
    return { items, total: items.length };
  }

  async topics(): Promise<TopicList> {
    const items = (await this.#streams.topics()).map(({ topic, stream, count, lastId, lastPublishedAt }) => ({
      topic,
      stream,
      count,
      last_id: lastId,
      last_published_at: lastPublishedAt,
    }));
    return { items, total: items.length };
  }

  /** Deletes the events that are older than so many hours. */
  async cleanup(maxAgeHours: number) {
    const before = this.#clock.now() - maxAgeHours * HOUR_MS;
    const deleted = await this.#streams.cleanup(before);
    const message = `${deleted} events are deleted.`;
    return { success: true, message, details: { deleted, before: toIso(before) } };
  }
}

/** An event as the API shows it. */
const toPublishedEvent = ({ id, stream, topic, data, source, eventId, publishedAt }: StreamEvent): PublishedEvent => ({
  id,
  stream,
  topic,
  data,
  source,
  event_id: eventId,
  published_at: publishedAt,
});
