import {
  type EventList,
  type EventPublication,
  EventPublicationInput,
  type OperationResult,
  type PublishedEvent,
  type TopicList,
} from '@ordinaut/contract';
import { type Clock, toIso } from '../kernel/clock.ts';
import { badRequest } from '../kernel/errors.ts';
import { lazyCheck } from '../kernel/schema.ts';
import { compileTopicGlob, TopicGlobError } from '../kernel/topic-glob.ts';
import { connectedMessage, followFromPlace } from './follow-from-place.ts';
import { assertMaySee, maySee, maySeeAll } from './may-see.ts';
import type { EventStreams, FollowStreamOptions, StreamEvent } from './streams.ts';
import { outsideTopicIssue } from './topics.ts';

/** As many as may be asked for. */
const MOST_RECENT = 1000;
const HOUR_MS = 3_600_000;
const checkInput = lazyCheck(EventPublicationInput);

/** A message of a live view. */
export interface EventMessage {
  /** `connected`: where it begins, for whoever has seen nothing yet. */
  readonly event: 'connected' | 'event' | 'gap';
  readonly id?: string;
  readonly data: unknown;
}

/** What the API, the tools and the command line ask of events, in their words. */
export class EventApi {
  readonly #streams: EventStreams;
  readonly #clock: Clock;

  constructor(deps: { streams: EventStreams; clock: Clock }) {
    this.#streams = deps.streams;
    this.#clock = deps.clock;
  }

  /**
   * Publishes an event of somebody outside, on the stream `core`.
   *
   * @param from.source shown where the input names no agent. @param from.isKnown whether that is somebody who is known, and who may
   *   then name nobody else; default: false. @param from.chain runs started by events that led to it; default 0.
   */
  async publish(
    input: unknown,
    from: { source: string; isKnown?: boolean; chain?: number },
  ): Promise<EventPublication> {
    const issues = checkInput(input);
    const topic = (input as { topic?: unknown } | null)?.topic;
    const issue = typeof topic === 'string' ? outsideTopicIssue(topic) : null;
    if (issue !== null && !issues.some(({ field }) => field === 'topic')) issues.push(issue);
    if (issues.length > 0) throw badRequest(issues);
    const { payload = null, source_agent_id, topic: checked } = input as EventPublicationInput;
    if (from.isKnown === true && source_agent_id !== undefined && source_agent_id !== from.source) {
      const issue = `is ${JSON.stringify(source_agent_id)}, but you are ${from.source}; leave it out`;
      throw badRequest([{ field: 'source_agent_id', issue }]);
    }
    const source = source_agent_id ?? from.source;
    const { event, triggeredTasks } = await this.#streams.publish({
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

  /**
   * The events of the core as messages for server-sent events, as far as somebody with these scopes may see them.
   *
   * @throws ApiError `bad_request` for a topic that is no pattern, `forbidden` for one of which they may see nothing.
   */
  async *messages(
    pattern: string | undefined,
    { scopes, ...options }: FollowStreamOptions & { readonly scopes: readonly string[] },
  ): AsyncGenerator<EventMessage> {
    if (pattern !== undefined) {
      assertPattern(pattern);
      assertMaySee(pattern, scopes);
    }
    for await (const each of followFromPlace(this.#streams, pattern, options)) {
      if ('place' in each) yield connectedMessage(each);
      else if ('gap' in each) yield { event: 'gap', data: { after: each.after, oldest: each.oldest } };
      else if (maySee(each.topic, scopes)) yield { event: 'event', id: each.id, data: toPublishedEvent(each) };
    }
  }

  /** The newest events, as far as somebody with these scopes may see them; of those at most the newest thousand are looked at. */
  async recent(count: number | undefined, scopes: readonly string[]): Promise<EventList> {
    const wanted = count ?? 100;
    const recent = await this.#streams.recent(maySeeAll(scopes) ? wanted : MOST_RECENT);
    const seen = recent.filter(({ topic }) => maySee(topic, scopes));
    const items = seen.slice(0, wanted).map(toPublishedEvent);
    return { items, total: items.length };
  }

  async topics(scopes: readonly string[]): Promise<TopicList> {
    const seen = (await this.#streams.topics()).filter(({ topic }) => maySee(topic, scopes));
    const items = seen.map(({ topic, stream, count, lastId, lastPublishedAt }) => ({
      topic,
      stream,
      count,
      last_id: lastId,
      last_published_at: lastPublishedAt,
    }));
    return { items, total: items.length };
  }

  /** Deletes the events that are older than so many hours. */
  async cleanup(maxAgeHours: number): Promise<OperationResult> {
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

/** Says it of `topic`, which is what the caller has sent. */
function assertPattern(pattern: string): void {
  try {
    compileTopicGlob(pattern);
  } catch (error) {
    if (error instanceof TopicGlobError) throw badRequest([{ field: 'topic', issue: error.message }]);
    throw error;
  }
}
