import type { Event, RawEvent } from './handler-event.ts';

/** What one successful request to a handler has made. */
export interface EventBatch {
  /** All generated, or all brought by the caller. */
  readonly events: readonly Event[] | readonly RawEvent[];
  /** UUID. */
  readonly handlerId: string;
  /** UUID; the header `Luna-Account-Id`, or who has asked. */
  readonly accountId: string;
  /** `<10 digits>,<uuid>`, the header `Luna-Request-Id` of the answer. */
  readonly requestId: string;
  /** Instant, ISO 8601. */
  readonly createEventTime: string;
  /** Instant, ISO 8601. */
  readonly endEventTime: string;
}
