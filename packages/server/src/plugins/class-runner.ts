import type {
  BackgroundRequest,
  BackgroundResponse,
  BaseBackgroundPlugin,
  BasePlugin,
  PluginApp,
  PluginKind,
  PluginRoute,
  StreamEvent,
} from '@ordinaut/kit';
import { type Culprit, runAs } from '../containment/attribution.ts';
import type { Clock } from '../kernel/clock.ts';
import { ApiError, messageOf } from '../kernel/errors.ts';
import type { Logger } from '../kernel/logger.ts';
import { within } from '../kernel/within.ts';
import { callRoute, toRequestFailure } from './call-route.ts';
import { EventQueue } from './event-queue.ts';
import type { FoundClass } from './plugin-classes.ts';

/** Calls of one batch of events in all; its peer may be away for a moment. */
const SENDING_ATTEMPTS = 3;
const EVENT_MS = 10_000;
/** Failures are logged at most this often, in milliseconds: a peer that is away fails every call. */
const NOTE_MS = 10_000;

interface Room {
  readonly culprit: Culprit;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  localize(error: unknown): unknown;
}

/** One class of a plugin with its one instance: its queue of events, or its routes. */
export class ClassRunner {
  readonly name: string;
  readonly kind: PluginKind;
  readonly instance: BasePlugin;
  readonly #room: Room;
  readonly #queue: EventQueue<unknown> | null;
  #routes: readonly PluginRoute[] = [];
  #notedAt = Number.NEGATIVE_INFINITY;
  #unsaid = 0;
  /** Of events of the log and of routes, which have no queue here. */
  readonly #direct = { handled: 0, failed: 0, dropped: 0, retried: 0 };

  /** @throws Error where the class has no name of its event, and whatever its constructor throws. */
  constructor({ name, kind, make }: FoundClass, app: PluginApp, room: Room) {
    this.name = name;
    this.kind = kind;
    this.#room = room;
    this.instance = runAs(room.culprit, () => new make(app));
    if (kind !== 'background' && this.event === null)
      throw new Error(`${name} has no eventName; it is the name of the event that the class is called for.`);
    this.#queue = this.event === 'sending_event' || this.event === 'monitoring_event' ? this.#newQueue() : null;
  }

  /** Name of the event it is called for; null for one that works in the background. */
  get event(): string | null {
    if (!('eventName' in this.instance)) return null;
    return typeof this.instance.eventName === 'string' && this.instance.eventName !== ''
      ? this.instance.eventName
      : null;
  }

  /** The topic of the event log that it is called for; null where that is none. */
  get topic(): string | null {
    return this.#queue === null ? this.event : null;
  }

  get routes(): readonly PluginRoute[] {
    return this.#routes;
  }

  get counts(): Readonly<Record<'handled' | 'failed' | 'dropped' | 'retried', number>> {
    return this.#queue?.counts ?? this.#direct;
  }

  /** Events that wait or are being handled. */
  get queued(): number {
    return this.#queue?.size ?? 0;
  }

  /** Queues an event; it costs next to nothing and never throws. */
  push(payload: unknown): void {
    this.#queue?.push(payload);
  }

  /** Hands over an event of the log. @throws what the plugin throws: the log counts the failure and tries again. */
  async deliver(event: StreamEvent): Promise<void> {
    try {
      await within(EVENT_MS, () => this.#handle(event), `${this.name}.handleEvent() did not end`);
      this.#direct.handled += 1;
    } catch (error) {
      this.#direct.failed += 1;
      throw this.#room.localize(error);
    }
  }

  takeRoutes(): void {
    if (this.kind === 'background') this.#routes = (this.instance as BaseBackgroundPlugin).takeRoutes();
  }

  /** @throws ApiError `timeout`, or `internal_error` with the class of what the route has thrown. */
  async answer(
    { target, path }: PluginRoute,
    request: BackgroundRequest,
    app: PluginApp,
    ms: number,
  ): Promise<BackgroundResponse> {
    const { culprit, logger, localize } = this.#room;
    const late = `The route ${path} did not answer`;
    try {
      const answer = await runAs(culprit, () => within(ms, () => callRoute(target, request, app), late));
      this.#direct.handled += 1;
      return answer;
    } catch (error) {
      if (error instanceof ApiError) throw error;
      const known = toRequestFailure(error);
      if (known !== null) throw known;
      this.#direct.failed += 1;
      logger.error({ err: localize(error), route: path }, 'a route of a plugin failed');
      const details = {
        plugin: culprit.mark.plugin,
        error_type: error instanceof Error ? error.constructor.name : typeof error,
      };
      if (messageOf(error).startsWith(late))
        throw new ApiError('timeout', 'The plugin took too long.', { details, cause: error });
      throw new ApiError('internal_error', 'The plugin failed.', { details, cause: error });
    }
  }

  /** Empties the queue, at most for `ms`, and takes no event any more. */
  async flush(ms: number): Promise<void> {
    const lost = (await this.#queue?.close(ms)) ?? 0;
    if (lost > 0)
      this.#room.logger.warn({ class: this.name, dropped: lost }, 'events of a plugin were not handled before its end');
  }

  #newQueue(): EventQueue<unknown> {
    const { culprit, clock, random, logger } = this.#room;
    return new EventQueue<unknown>({
      handle: (payload) => this.#handle(payload),
      runAs: (work) => runAs(culprit, work),
      onFailure: (error, willRetry) => this.#note(error, willRetry),
      onDrop: (dropped) =>
        logger.warn({ class: this.name, dropped }, 'the queue of a plugin is full; its oldest events are dropped'),
      clock,
      random,
      attempts: this.event === 'sending_event' ? SENDING_ATTEMPTS : 1,
    });
  }

  #handle(payload: unknown): unknown {
    return (this.instance as unknown as Handling).handleEvent(payload, this.#room.logger);
  }

  #note(error: unknown, willRetry: boolean): void {
    const { clock, logger, localize } = this.#room;
    this.#unsaid += 1;
    const now = clock.monotonic();
    if (now - this.#notedAt < NOTE_MS) return;
    this.#notedAt = now;
    logger.warn(
      { err: localize(error), class: this.name, failures: this.#unsaid, will_retry: willRetry },
      'a plugin could not handle an event',
    );
    this.#unsaid = 0;
  }
}

interface Handling {
  handleEvent(payload: unknown, logger: Logger): unknown;
}
