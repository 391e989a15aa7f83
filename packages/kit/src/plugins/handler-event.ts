/** One event of a handler as the API shows it. */
export interface HandlerEventDict {
  /** UUIDv7. */
  readonly event_id: string;
  /** Path of the event on the server. */
  readonly url: string;
  readonly handler_id: string;
  /** UUID. */
  readonly account_id: string;
  /** Instant, ISO 8601. */
  readonly create_time: string;
  /** Instant, ISO 8601. */
  readonly end_time: string;
  readonly source: string | null;
  readonly user_data: string | null;
  readonly external_id: string | null;
  readonly track_id: string | null;
  readonly tags: readonly string[];
  /** What the pipeline, or the caller, has given. */
  readonly data: unknown;
}

/** An event that a handler has generated. */
export class Event {
  readonly #dict: HandlerEventDict;

  constructor(dict: HandlerEventDict) {
    this.#dict = dict;
  }

  get eventId(): string {
    return this.#dict.event_id;
  }

  /** The event as a plain object, ready for `JSON.stringify`. */
  asDict(): HandlerEventDict {
    return this.#dict;
  }
}

/** An event that a caller has brought. */
export class RawEvent {
  readonly #dict: HandlerEventDict;

  constructor(dict: HandlerEventDict) {
    this.#dict = dict;
  }

  get eventId(): string {
    return this.#dict.event_id;
  }

  /** The event as a plain object, ready for `JSON.stringify`. */
  asHandlerEventDict(): HandlerEventDict {
    return this.#dict;
  }
}
