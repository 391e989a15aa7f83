import type {
  GeneratedEvents,
  GenerateQuery,
  HandlerEvent,
  HandlerEventQuery,
  Page,
  RawEvents,
} from '@ordinaut/contract';
import { type Clock, toIso } from '../kernel/clock.ts';
import { ApiError, badRequest, conflict, isUnavailable, messageOf, notFound } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import type { Logger } from '../kernel/logger.ts';
import type { Service } from '../kernel/service.ts';
import type { HandlerEventRow } from '../storage/handler-rows.ts';
import type { Store } from '../storage/store.ts';
import type { ToolRegistry } from '../tools/registry.ts';
import { type CallContext, type HandlerCall, readCallContext } from './call-context.ts';
import { callEvent } from './call-event.ts';
import { splitTags, tagIssues } from './event-tags.ts';
import { generatedItems } from './generated-items.ts';
import type { HandlerBatch } from './handler-batch.ts';
import { HandlerEventRepository } from './handler-event-repository.ts';
import { DEADLINE_MS } from './handler-pipeline.ts';
import { HandlerRepository } from './handler-repository.ts';
import { toHandlerEvent } from './handler-resource.ts';
import { LaterSaving } from './later-saving.ts';
import { type NewEvents, newEvents } from './new-events.ts';
import { prepareRun } from './prepare-run.ts';
import { PreparedHandlers } from './prepared-handlers.ts';
import { readRawEvents } from './raw-events.ts';
import type { RequestBody } from './request-body.ts';
import { pipelineFailed, runInline } from './run-inline.ts';

export interface HandlerCallDeps {
  readonly store: Store;
  readonly tools: ToolRegistry;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Is given the events of each request, when they are stored and the request is answered. */
  deliver(batch: HandlerBatch): void;
  /** Milliseconds a pipeline may take in all. Default: 30,000. */
  readonly deadlineMs?: number;
  /** Bytes of events that are stored after their request was answered. Default: 32 MiB. */
  readonly laterBytes?: number;
}

/**
 * What handlers do: requests in, events out.
 *
 *   request ──> pipeline ──> events ──> stored and noted on `handler.{id}`, in one transaction ──> answer ──> delivered
 *                  └─ fails: an error, and nothing else
 *
 * It stops when what was promised to be stored is stored.
 */
export class HandlerCalls implements Service {
  readonly name = 'handlers';
  readonly #deps: HandlerCallDeps;
  readonly #handlers: HandlerRepository;
  readonly #prepared: PreparedHandlers;
  readonly #events: HandlerEventRepository;
  readonly #later: LaterSaving;

  constructor(deps: HandlerCallDeps) {
    this.#deps = deps;
    this.#handlers = new HandlerRepository(deps.store);
    this.#prepared = new PreparedHandlers(this.#handlers);
    this.#events = new HandlerEventRepository(deps.store);
    const { clock, random, laterBytes } = deps;
    this.#later = new LaterSaving({ clock, random, ...(laterBytes !== undefined && { budget: laterBytes }) });
  }

  async start(): Promise<void> {}

  stop(): Promise<void> {
    return this.#later.stop();
  }

  /**
   * Makes events of a request by the pipeline of the handler, or by the one the request brings.
   *
   * @param body null: none.
   * @throws ApiError `bad_request`, `not_found`, `forbidden` (a dynamic pipeline does what its caller may not), `pipeline_failed`,
   *   `timeout`, `payload_too_large`. Nothing is stored and nobody is told then.
   */
  async generate(call: HandlerCall, query: GenerateQuery, body: RequestBody | null): Promise<GeneratedEvents> {
    const now = this.#deps.clock.now();
    const context = readCallContext(call, query, now);
    const handler = await this.#prepared.get(call.handlerId);
    const { body: seen, ...run } = prepareRun(handler, call.by, body, this.#deps.tools);
    const event = callEvent(call, query, seen, context);
    const { tools, clock, random, logger, deadlineMs = DEADLINE_MS } = this.#deps;
    const output = await runInline(
      { ...run, event, signal: call.signal },
      { tools, clock, random, logger, deadlineMs },
    );
    const { items, filtered } = generatedItems(output);
    const made = generated(items.map((data) => rowOf(call.handlerId, query, context, data)));
    if (made.rows.length > 0) {
      await this.#store(call.handlerId, made);
      call.afterAnswer(() => this.#deliver(batchOf('generated', call, context, made)));
    }
    return { events: [...made.events], filtered };
  }

  /**
   * Stores events that the caller brings.
   *
   * @param options.wait false: the answer comes before they are stored; while the store is away it is tried again, and what then fails is
   *   logged. Where too much waits already, they are stored before the answer all the same.
   * @returns the events, and whether they are stored.
   * @throws ApiError `bad_request` by field and index, `not_found`, `conflict` for an id that an event has already,
   *   `payload_too_large`.
   */
  async raw(
    call: HandlerCall,
    input: unknown,
    { wait }: { wait: boolean },
  ): Promise<RawEvents & { isStored: boolean }> {
    const now = this.#deps.clock.now();
    const context = readCallContext(call, {}, now);
    if ((await this.#handlers.versionOf(call.handlerId)) === undefined) throw notFound('handler', call.handlerId);
    const made = newEvents(readRawEvents(input, call.handlerId, context, now));
    const deliver = () => this.#deliver(batchOf('raw', call, context, made));
    const isStored = wait || !this.#later.hold(made.bytes);
    if (isStored) {
      await this.#store(call.handlerId, made);
      call.afterAnswer(deliver);
    } else {
      call.afterAnswer(() => this.#saveLater(call, made, deliver));
    }
    return { events: made.events.map(({ event_id, url }) => ({ event_id, url })), isStored };
  }

  /** @throws ApiError `not_found` where there is neither such a handler nor an event of it. */
  async events(handlerId: string, query: HandlerEventQuery): Promise<Page<HandlerEvent>> {
    const tags = splitTags(query.tags);
    const issues = tagIssues(tags, 'tags');
    if (issues.length > 0) throw badRequest(issues);
    const { since, until, ...rest } = query;
    const instant = (text: string | undefined) => (text === undefined ? null : Date.parse(text));
    const page = await this.#events.list(handlerId, { ...rest, tags, since: instant(since), until: instant(until) });
    const isThere = async () =>
      (await this.#handlers.versionOf(handlerId)) !== undefined || (await this.#events.hasAny(handlerId));
    if (page.items.length === 0 && !(await isThere())) throw notFound('handler', handlerId);
    return { ...page, items: page.items.map(toHandlerEvent) };
  }

  /** @throws ApiError `not_found` */
  async event(eventId: string): Promise<HandlerEvent> {
    const row = await this.#events.find(eventId);
    if (row === undefined) throw notFound('event', eventId);
    return toHandlerEvent(row);
  }

  async #store(handlerId: string, { rows, texts }: NewEvents): Promise<void> {
    try {
      await this.#events.insert(handlerId, rows, texts, this.#deps.clock.now());
    } catch (error) {
      const brought = rows.filter((row) => row.event_id !== row.id).map((row) => row.event_id);
      if (brought.length === 0 || error instanceof ApiError) throw error;
      const [taken] = await this.#events.taken(brought);
      if (taken === undefined) throw error;
      throw conflict(`There is an event ${taken} already; nothing is stored. Leave the id out, or give another.`, {
        event_id: taken,
      });
    }
  }

  /** The request is answered: what goes wrong now is for the log. */
  #deliver(batch: HandlerBatch): void {
    try {
      this.#deps.deliver(batch);
    } catch (error) {
      const about = { handler_id: batch.handlerId, luna_request_id: batch.requestId };
      this.#deps.logger.error({ ...about, err: error }, 'events of a handler could not be given on');
    }
  }

  #saveLater({ handlerId, requestId }: HandlerCall, made: NewEvents, stored: () => void): void {
    let isInDoubt = false;
    const store = async () => {
      // The answer to a transaction that was committed may have been lost with the connection.
      if (isInDoubt && (await this.#events.isStored(made.rows[0]!.id))) return;
      isInDoubt = true;
      await this.#store(handlerId, made);
    };
    const lost = (error: unknown) => {
      const about = { handler_id: handlerId, luna_request_id: requestId, events: made.rows.length };
      const err = isUnavailable(error) ? messageOf(error) : error;
      this.#deps.logger.error({ ...about, err }, 'events that a client did not wait for could not be stored');
    };
    this.#later.save({ store, stored, lost }, made.bytes);
  }
}

/** Too much of what a pipeline has made is its failure, and not that of the request. */
function generated(rows: readonly HandlerEventRow[]): NewEvents {
  try {
    return newEvents(rows);
  } catch (error) {
    throw pipelineFailed('output_too_large', null, messageOf(error));
  }
}

function rowOf(
  handlerId: string,
  query: GenerateQuery,
  { accountId, times, tags }: CallContext,
  data: unknown,
): HandlerEventRow {
  const id = newId();
  return {
    id,
    event_id: id,
    handler_id: handlerId,
    account_id: accountId,
    create_time: times.createTime,
    end_time: times.endTime,
    source: query.source ?? null,
    user_data: query.user_data ?? null,
    external_id: query.external_id ?? null,
    track_id: query.track_id ?? null,
    tags: JSON.stringify(tags),
    data: JSON.stringify(data),
  };
}

const batchOf = (
  kind: HandlerBatch['kind'],
  { handlerId, requestId }: HandlerCall,
  { accountId, times }: CallContext,
  { events, bytes }: NewEvents,
): HandlerBatch => ({
  kind,
  events,
  bytes,
  handlerId,
  accountId,
  requestId,
  createEventTime: toIso(times.createTime),
  endEventTime: toIso(times.endTime),
});
