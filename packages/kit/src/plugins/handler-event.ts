import type { HandlerEvent } from '@ordinaut/contract';

/** One event of a handler as the API shows it. */
export type HandlerEventDict = HandlerEvent;

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
