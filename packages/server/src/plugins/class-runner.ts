import type { BasePlugin, EventBatch, PluginApp, PluginKind, StreamEvent } from '@ordinaut/kit';
import { type Culprit, runAs } from '../containment/attribution.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import { type Counts, noCounts } from './counts.ts';
import { EventQueue } from './event-queue.ts';
import { pointsOf, type TimedRequest } from './monitored-request.ts';
import type { FoundClass } from './plugin-classes.ts';

/** Calls of one batch of events in all; its peer may be away for a moment. */
const SENDING_ATTEMPTS = 3;
/** Bytes of events that wait to be sent; beyond it the oldest go. */
const SENDING_BYTES = 67_108_864;
/** Failures are logged at most this often, in milliseconds: a peer that is away fails every call. */
const NOTE_MS = 10_000;

/** What the classes of one plugin run with. */
export interface ClassRoom {
  readonly culprit: Culprit;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  localize(error: unknown): unknown;
}

/** One class of a plugin with its one instance, and the queue of its events. */
export class ClassRunner {
  readonly name: string;
  readonly kind: PluginKind;
  readonly instance: BasePlugin;
  /** Name of the event it is called for; null for one that works in the background. */
  readonly event: string | null;
  readonly #room: ClassRoom;
  readonly #queue: EventQueue<never> | null;
  readonly #ofTopic = noCounts();
  #notedAt = Number.NEGATIVE_INFINITY;
  #unsaid = 0;

  /** @throws Error where the class has no name of its event, and whatever its constructor throws. */
  constructor({ name, kind, make }: FoundClass, app: PluginApp, room: ClassRoom) {
    this.name = name;
    this.kind = kind;
    this.#room = room;
    this.instance = runAs(room.culprit, () => new make(app));
    this.event = eventOf(this.instance);
    if (kind !== 'background' && this.event === null)
      throw new Error(`${name} has no eventName; it is the name of the event that the class is called for.`);
    this.#queue = this.#newQueue();
  }

  /** The topic of the event log that it is called for; null where that is none. */
  get topic(): string | null {
    return this.#queue === null ? this.event : null;
  }

  get counts(): Readonly<Counts> {
    return this.#queue?.counts ?? this.#ofTopic;
  }

  /** Events that wait or are being handled. */
  get queued(): number {
    return this.#queue?.size ?? 0;
  }

  /** Queues an event; it costs next to nothing and never throws. */
  push(payload: unknown): void {
    this.#queue?.push(payload as never);
  }

  /** Hands over an event of the log. @throws what the plugin throws: the log counts the failure and tries again. */
  async deliver(event: StreamEvent): Promise<void> {
    try {
      await this.#handle(event);
      this.#ofTopic.handled += 1;
    } catch (error) {
      this.#ofTopic.failed += 1;
      throw this.#room.localize(error);
    }
  }

  /** Empties the queue, at most for `ms`, and takes no event any more. */
  async flush(ms: number): Promise<void> {
    const lost = (await this.#queue?.close(ms)) ?? 0;
    if (lost > 0)
      this.#room.logger.warn({ class: this.name, dropped: lost }, 'events of a plugin were not handled before its end');
  }

  #newQueue(): EventQueue<never> | null {
    const { culprit, clock, random, logger } = this.#room;
    const common = {
      handle: (payload: unknown) => this.#handle(payload),
      runAs: (work: () => void) => runAs(culprit, work),
      onFailure: (error: unknown, willRetry: boolean) => this.#note(error, willRetry),
      onDrop: (dropped: number) =>
        logger.warn({ class: this.name, dropped }, 'the queue of a plugin is full; its oldest events are dropped'),
      clock,
      random,
    };
    if (this.event === 'monitoring_event')
      return new EventQueue<TimedRequest>({
        ...common,
        handle: (request) => this.#handle(pointsOf(request)),
      }) as EventQueue<never>;
    if (this.event !== 'sending_event') return null;
    return new EventQueue<SizedBatch>({
      ...common,
      handle: ({ batch }) => this.#handle(batch),
      attempts: SENDING_ATTEMPTS,
      weight: { of: ({ bytes }) => bytes, most: SENDING_BYTES },
    }) as EventQueue<never>;
  }

  #handle(payload: unknown): unknown {
    return (this.instance as unknown as Handling).handleEvent(payload, this.#room.logger);
  }

  /** A failure that is tried again may be one of many; one that loses an event is told soon. */
  #note(error: unknown, willRetry: boolean): void {
    const { clock, logger, localize } = this.#room;
    if (!willRetry) this.#unsaid += 1;
    const now = clock.monotonic();
    if (now - this.#notedAt < NOTE_MS && (willRetry || this.#unsaid > 1)) return;
    this.#notedAt = now;
    const fields = { err: localize(error), class: this.name };
    if (willRetry) logger.warn(fields, 'a plugin could not handle an event; it is tried again');
    else logger.error({ ...fields, lost: this.#unsaid }, 'a plugin could not handle events; they are given up');
    if (!willRetry) this.#unsaid = 0;
  }
}

/** A batch for a queue that is bounded by size. */
export interface SizedBatch {
  readonly batch: EventBatch;
  readonly bytes: number;
}

interface Handling {
  handleEvent(payload: unknown, logger: Logger): unknown;
}

const eventOf = (instance: BasePlugin): string | null =>
  'eventName' in instance && typeof instance.eventName === 'string' && instance.eventName !== ''
    ? instance.eventName
    : null;
